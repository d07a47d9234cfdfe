"""The live feed: one Redis subscriber a process, a bounded queue a client."""
