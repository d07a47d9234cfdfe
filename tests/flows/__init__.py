"""Whole stories over HTTP, against the product as `make run` starts it."""
