"""Delivery: when a message is sent, retried, held back or folded into a digest."""
