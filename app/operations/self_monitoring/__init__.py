"""Self-monitoring: what of the monitor itself is late, and its operators."""
