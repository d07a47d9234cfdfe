"""Use cases of status pages."""
