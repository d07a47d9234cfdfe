"""Heartbeats: schedules, and what pings and the passing of time make of them."""
