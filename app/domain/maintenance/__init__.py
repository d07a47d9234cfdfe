"""Maintenance windows: single or recurring, in local wall time."""
