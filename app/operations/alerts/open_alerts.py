"""Alerts that are not over."""

from app.platform.transaction import single_value


def are_any_open() -> bool:
    """Say whether any alert, of any organization, is unresolved."""
    return bool(single_value("SELECT EXISTS (SELECT FROM alerts WHERE status <> 'resolved')"))
