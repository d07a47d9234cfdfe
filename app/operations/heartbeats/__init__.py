"""Heartbeats: pings stored, lateness found, and the alerts that follow."""
