"""Whether the monitor itself is well: what is set aside, what is late, and who is told."""
