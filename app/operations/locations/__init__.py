"""Locations: made, their keys changed, deleted; the regions that services may name."""
