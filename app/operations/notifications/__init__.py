"""Notifications: the outbox, from the row of a message to the answer of its receiver."""
