"""Snapshots: the configuration that workers keep in memory, by version."""
