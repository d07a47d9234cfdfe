"""Status pages as visitors get them: pure functions of a snapshot, kept in memory and on disk."""
