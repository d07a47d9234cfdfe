"""Roll-ups and figures: uptime, series, reports, and the chores that keep them cheap."""
