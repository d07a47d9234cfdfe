"""The scheduler process: rq-scheduler over a handful of ticks."""
