"""Configuration as a file: its keys and references, and files of other monitors."""
