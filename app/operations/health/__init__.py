"""Health of the monitor itself: what is set aside, what is late, and who is told."""
