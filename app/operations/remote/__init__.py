"""Agents at locations: what they are sent, what they deliver, and how they are seen."""
