"""Notifications: the outbox from the row that is written to the answer of the receiver."""
