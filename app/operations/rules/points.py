"""Stored results as rules see them: with the service's status of that moment, not the check's."""

from collections.abc import Sequence
from typing import Any

from app.checks import CHECK_TYPES
from app.domain.rules.history import Point
from app.domain.rules.reachability import reach
from app.domain.types import FailureKind, Phases, Status
from app.operations.metrics.measure import SETTLED

COLUMNS = (
    f"checked_at, {SETTLED} AS settled, response_time_ms, status_code, error, ssl_days_remaining,"
    " consecutive_failures, in_maintenance, status, connect_ms, failure_kind"
)
WIDTH = 11


def point(check_type: str, row: Sequence[Any]) -> Point:
    """Return the point of a row that begins with `COLUMNS`; its body is not known any more."""
    at, settled, milliseconds, status_code, error, days, failures, muted, *rest = row[:WIDTH]
    status, connect_ms, failure_kind = rest
    reached = reach(
        CHECK_TYPES[check_type].dials_endpoint,
        Status(status),
        FailureKind(failure_kind) if failure_kind else None,
        Phases(connect_ms=connect_ms),
        status_code,
    )
    return Point(
        at=at,
        status=Status(settled),
        response_time_ms=milliseconds,
        status_code=status_code,
        error=error,
        ssl_days_remaining=days,
        consecutive_failures=failures or 0,
        in_maintenance=muted,
        dns_resolved=reached.dns_resolved,
        tcp_connected=reached.tcp_connected,
        own_status=Status(status),
    )
