"""Worker processes. A job is a hint; the network happens between two short transactions."""
