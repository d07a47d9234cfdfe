"""The scheduler process: rq-scheduler over a handful of standing ticks."""
