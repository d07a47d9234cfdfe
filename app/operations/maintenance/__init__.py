"""Maintenance windows: kept, announced, and what they mute."""
