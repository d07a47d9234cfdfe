"""A post-mortem to begin with: headings, and what was said in its order."""

from collections.abc import Sequence
from datetime import datetime

from app.domain.status_pages.types import IncidentStatus

_REST = """
## What happened

## Whom it hit

## Why it happened

## What we do about it
"""


def draft(
    title: str, started_at: datetime, updates: Sequence[tuple[datetime, IncidentStatus, str]]
) -> str:
    """Return Markdown with the timeline, the oldest first; times are UTC."""
    lines = [f"# {title}", "", "## Timeline", "", f"- {_moment(started_at)} Began"]
    for at, status, body in sorted(updates):
        first = body.strip().splitlines()[0] if body.strip() else ""
        lines.append(f"- {_moment(at)} {status.value.capitalize()}{f': {first}' if first else ''}")
    return "\n".join(lines) + "\n" + _REST


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")
