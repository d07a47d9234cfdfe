"""Security: who is calling, what they may do, and secrets at rest."""
