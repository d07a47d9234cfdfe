"""Alerts: opened, acknowledged, resolved, suppressed, and ended when their subject goes."""
