"""Accounts: people, organizations, roles, keys and the audit log."""
