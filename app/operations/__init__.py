"""Use cases: one function is one transaction, and none of them talks to the network."""
