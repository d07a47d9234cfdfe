"""Ingest of pings: many at once by one writer, durable before they are answered."""
