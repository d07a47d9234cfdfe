"""Checks: claimed when due, their results stored, and what follows from a result."""
