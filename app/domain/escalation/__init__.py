"""Escalation: levels in absolute time, and who is on call."""
