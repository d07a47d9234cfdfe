"""Escalation: policies and their levels, on-call schedules, and whom they reach."""
