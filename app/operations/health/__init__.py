"""Health of the monitor itself: which work is set aside, and which periodic jobs fail."""
