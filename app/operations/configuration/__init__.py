"""Configuration as a file: exported, compared with what is there, and applied as a whole."""
