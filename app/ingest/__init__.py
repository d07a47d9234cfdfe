"""How pings get in: many at once by one writer, durable before they are answered."""
