"""Schedule: when each service is due next, and the repair of what a crash left behind."""
