"""Decisions of status pages: what a page says, of whom, and who is told."""
