"""Windows of time in query strings."""

from datetime import datetime, timedelta
from typing import Any

from app.api.http import invalid
from app.platform.clock import utcnow
from app.platform.errors import Fault, InvalidCode


def window(
    query: dict[str, Any], start: str, end: str, width: timedelta
) -> tuple[datetime, datetime]:
    """Return the window a query asks for. Raises Invalid for one that ends before it begins."""
    until = query.get(end) or utcnow()
    since = query.get(start) or until - width
    if since >= until:
        raise invalid(
            {start.rstrip("_"): [Fault(InvalidCode.WRONG_TIME, f"Must be before {end}.")]}
        )
    return since, until
