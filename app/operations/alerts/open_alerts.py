"""Alerts that are not over."""

from app.platform.transaction import single_statement


def are_any_open() -> bool:
    """Say whether any alert, of any organization, is unresolved."""
    return bool(
        single_statement("SELECT EXISTS (SELECT FROM alerts WHERE status <> 'resolved')")[0][0]
    )
