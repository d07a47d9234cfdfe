"""Roll-ups and figures: uptime, series, reports, and the jobs that keep them cheap."""
