"""Locations: how their regions are called, and which protocol their agents speak."""
