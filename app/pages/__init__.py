"""Pages for people, made on the server: no script, nothing from elsewhere, escaped by default."""
