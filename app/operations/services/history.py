"""History of a service: single results, series for charts, and a check on demand."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.operations import paging
from app.operations.schedule import entries as schedule_entries
from app.platform.errors import Conflict, Fault, Invalid, InvalidCode
from app.platform.events import timestamp
from app.platform.transaction import transaction

MOST_POINTS = 50_000
# `check_results` is partitioned by due time, while windows speak of the time of the check itself,
# which is later by at most one interval (86,400 s) and earlier by nothing but a clock's error.
_LATENESS = timedelta(days=1, minutes=10)
_SKEW = timedelta(minutes=10)

_RESULT = """
SELECT id::text, checked_at, region, status, response_time_ms, status_code, error,
    dns_ms, connect_ms, tls_ms, ttfb_ms, transfer_ms, scheduled_for, failure_kind
FROM check_results
"""


def _result(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "checked_at": timestamp(row.checked_at),
        "region": row.region,
        "status": row.status,
        "response_time_ms": row.response_time_ms,
        "status_code": row.status_code,
        "error": row.error,
        "failure_kind": row.failure_kind,
        "phases": {
            "dns_ms": row.dns_ms,
            "connect_ms": row.connect_ms,
            "tls_ms": row.tls_ms,
            "ttfb_ms": row.ttfb_ms,
            "transfer_ms": row.transfer_ms,
        },
    }


def _window(service_id: UUID, since: datetime, until: datetime) -> dict[str, Any]:
    return {
        "service_id": service_id,
        "since": since,
        "until": until,
        "due_since": since - _LATENESS,
        "due_until": until + _SKEW,
    }


_IN_WINDOW = """
WHERE service_id = %(service_id)s AND checked_at >= %(since)s AND checked_at < %(until)s
    AND scheduled_for >= %(due_since)s AND scheduled_for < %(due_until)s
"""


def checks(
    service_id: UUID,
    since: datetime,
    until: datetime,
    *,
    status: str | None,
    limit: int,
    after: tuple[datetime, str] | None,
) -> tuple[list[dict[str, Any]], tuple[datetime, str] | None]:
    """Return a page of a service's results, newest first, and where to go on, None at the end."""
    seek = paging.seek("scheduled_for", "region", limit=limit, after=after)
    values = _window(service_id, since, until) | {"status": status, **seek.values}
    where = f"{_IN_WINDOW} AND {seek.where}"
    if status is not None:
        where += " AND status = %(status)s"
    with transaction() as tx:
        more = tx.rows(f"{_RESULT} {where} {seek.order_by}", values)
    rows, position = paging.cut(more, limit, lambda row: (row.scheduled_for, row.region))
    return [_result(row) for row in rows], position


# Built of fixed pieces; what a caller wrote travels as parameters.
_SERIES = f"""
SELECT checked_at, status, response_time_ms, status_code FROM check_results {_IN_WINDOW}
ORDER BY scheduled_for, region LIMIT {MOST_POINTS + 1}
"""  # noqa: S608


def series(service_id: UUID, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Return every result of a window, oldest first. Raises Invalid when they are too many."""
    with transaction() as tx:
        rows = tx.driver.execute(_SERIES, _window(service_id, since, until)).fetchall()
    _check_size(len(rows))
    return [
        {
            "timestamp": timestamp(at),
            "status": status,
            "response_time_ms": response_time_ms,
            "status_code": status_code,
        }
        for at, status, response_time_ms, status_code in rows
    ]


def _check_size(found: int) -> None:
    if found > MOST_POINTS:
        message = f"the window holds more than {MOST_POINTS} points; narrow it or widen `interval`"
        raise Invalid(message, {"from": [Fault(InvalidCode.WRONG_TIME, "The window is too wide.")]})


def ask_for_check(service_id: UUID, regions: list[str]) -> datetime:
    """Make a service due at once; return the time of its last result so far.

    Raises Conflict when the service is paused.
    """
    with transaction() as tx:
        row = tx.row(
            "SELECT coalesce(max(last_checked_at), 'epoch') AS last_checked_at,"
            " bool_or(next_due_at IS NOT NULL) AS is_scheduled"
            " FROM schedule_entries WHERE service_id = %s",
            (service_id,),
        )
        if row is None or not row.is_scheduled:
            raise Conflict("the service is paused; resume it to have it checked")
        schedule_entries.bring_forward(tx, service_id)
        for region in regions:
            tx.after_commit(schedule_entries.hint, region)
        last: datetime = row.last_checked_at
    return last


def result_after(service_id: UUID, last: datetime) -> dict[str, Any] | None:
    """Return the first result newer than a time, None while there is none."""
    with transaction() as tx:
        row = tx.row(
            f"{_RESULT} WHERE service_id = %s AND checked_at > %s"
            " AND scheduled_for > now() - interval '2 days' ORDER BY scheduled_for LIMIT 1",
            (service_id, last),
        )
    return None if row is None else _result(row)
