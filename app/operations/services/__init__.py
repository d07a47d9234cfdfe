"""Services: what an organization watches, and what was seen of it."""
