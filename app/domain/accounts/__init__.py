"""Accounts: roles and permissions, plans, passwords and second factors."""
