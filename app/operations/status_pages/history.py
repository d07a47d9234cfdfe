"""Days of services as a page shows them: the seconds of their confirmed status, day by day."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from app.domain import timezones
from app.domain.status_pages.days import Day
from app.platform.transaction import Transaction

_CHANGES = """
SELECT service_id, at, to_status FROM status_changes
WHERE service_id = ANY(%(ids)s) AND at >= %(since)s
UNION ALL
SELECT DISTINCT ON (service_id) service_id, at, to_status FROM status_changes
WHERE service_id = ANY(%(ids)s) AND at < %(since)s
ORDER BY service_id, at
"""


def midnights(timezone: str, days: int, now: datetime) -> list[tuple[date, datetime]]:
    """Return the last local days, the oldest first, each with the instant it begins."""
    zone = timezones.zone(timezone)
    today = timezones.wall_time(now, zone).date()
    dates = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    return [(day, timezones.instant(datetime.combine(day, time()), zone)) for day in dates]


def daily(
    tx: Transaction, ids: Sequence[UUID], timezone: str, days: int, now: datetime
) -> dict[UUID, list[Day]]:
    """Return the local days of services, the oldest first; today counts until now."""
    begins = midnights(timezone, days, now)
    since = begins[0][1]
    changes: dict[UUID, list[tuple[datetime, str]]] = {id: [] for id in ids}
    rows = tx.driver.execute(_CHANGES, {"ids": list(ids), "since": since}).fetchall()
    for service_id, at, status in rows:
        changes[service_id].append((at, status))
    return {id: _days(begins, sorted(changes[id]), now) for id in ids}


def _days(
    begins: Sequence[tuple[date, datetime]], changes: Iterable[tuple[datetime, str]], now: datetime
) -> list[Day]:
    starts = [begin for _, begin in begins]
    ends = [*starts[1:], now]
    sums: list[dict[str, float]] = [{} for _ in begins]
    known: list[Any] = list(changes)
    for (at, status), after in zip(known, [*(at for at, _ in known[1:]), now], strict=False):
        for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
            seconds = (min(after, end) - max(at, start)).total_seconds()
            if seconds > 0:
                sums[place][status] = sums[place].get(status, 0) + seconds
    return [
        Day(
            date=day,
            up_seconds=found.get("GREEN", 0) + found.get("YELLOW", 0),
            down_seconds=found.get("RED", 0),
            slow=found.get("YELLOW", 0) / max(1.0, sum(found.values())),
        )
        for (day, _), found in zip(begins, sums, strict=True)
    ]
