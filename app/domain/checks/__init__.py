"""Checks: endpoints and assertions, due times, and the status that results add up to."""
