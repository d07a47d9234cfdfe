"""Messages: composed from stored rows, in plain text that every channel can show."""
