"""Local days of services in a time zone, for the bars of status pages and daily reports."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.metrics.local_days import day_begins
from app.domain.metrics.plan import HOUR, floor
from app.domain.metrics.status_line import milliseconds, unpacked
from app.domain.metrics.totals import Totals, percentage, totals
from app.operations.metrics import corrections, progress
from app.operations.metrics.measure import Stretch
from app.operations.metrics.read import measured_at
from app.operations.metrics.rows import HOUR_MS
from app.platform.transaction import Transaction


@dataclass(slots=True)
class Milliseconds:
    """Time by kind; what is in no record is pending."""

    up: int = 0
    down: int = 0
    unknown: int = 0
    maintenance: int = 0
    paused: int = 0

    def add(self, *parts: int) -> None:
        """Add time of each kind, in the order of the fields."""
        for field, part in zip(fields(self), parts, strict=True):
            setattr(self, field.name, getattr(self, field.name) + part)


@dataclass(frozen=True, slots=True)
class UptimeDay:
    """A local day of a service: from midnight to midnight in a time zone, or to now.

    A day that a zone skipped (Pacific/Apia, 2011-12-30) is there, and has no length.
    """

    day: date
    since: datetime
    until: datetime
    milliseconds: Milliseconds

    @property
    def percentage(self) -> float | None:
        """Two decimals; 100 and 0 only where it is exact; None: nothing is known."""
        return percentage(self.milliseconds.up, self.milliseconds.down)


_Sums = dict[tuple[UUID, int], Milliseconds]  # by service and place of the day

# Hours that a midnight cuts in two are told apart by their lines.
_WHOLE_HOURS = """
SELECT service_id, width_bucket(at, %(cuts)s::timestamptz[]) - 1, sum(up_ms), sum(down_ms),
    sum(unknown_ms), sum(maintenance_ms), sum(paused_ms)
FROM metric_hours
WHERE service_id = ANY(%(ids)s) AND at >= %(since)s AND at < %(until)s
  AND at <> ALL(%(cut)s::timestamptz[])
GROUP BY 1, 2
"""
_CUT_HOURS = """
SELECT service_id, at, line FROM metric_hours
WHERE service_id = ANY(%(ids)s) AND at = ANY(%(cut)s) AND at < %(until)s
"""


def daily_uptime(
    tx: Transaction, ids: Sequence[UUID], timezone: str, days: int, now: datetime
) -> dict[UUID, list[UptimeDay]]:
    """Return so many local days of services, oldest first; the last one is today, up to `now`.

    Time before a service was made is pending. Days are cut at local midnights exactly, also in
    zones where that is not on the hour (UTC), as far back as hours are kept.
    """
    zone = ZoneInfo(timezone)
    last = now.astimezone(zone).date()
    first = last - timedelta(days=days - 1)
    cuts = [at for at in day_begins(last, days, zone) if at < now]
    found = _sums(tx, ids, [*cuts, now])
    return {
        service_id: [
            UptimeDay(first + timedelta(days=place), begin, end, found[service_id, place])
            for place, (begin, end) in enumerate(pairwise([*cuts, now]))
        ]
        for service_id in ids
    }


def _sums(tx: Transaction, ids: Sequence[UUID], cuts: Sequence[datetime]) -> _Sums:
    state = progress.read(tx)
    begin, now = cuts[0], cuts[-1]
    rolled_until = max(begin, min(state.done_until, floor(now, HOUR))) if state else begin
    result: _Sums = defaultdict(Milliseconds)
    values = {
        "ids": list(ids),
        "cuts": list(cuts[:-1]),
        "since": begin,
        "until": rolled_until,
        "cut": [floor(at, HOUR) for at in cuts[:-1] if at != floor(at, HOUR)],
    }
    for service_id, place, *parts in tx.driver.execute(_WHOLE_HOURS, values).fetchall():
        result[service_id, place].add(*map(int, parts))
    if values["cut"]:
        _add_cut_hours(tx, values, cuts, result)
    raw = [
        (place, max(since, rolled_until), until)
        for place, (since, until) in enumerate(pairwise(cuts))
        if until > rolled_until
    ]
    stretches = [Stretch(id, since, until) for _, since, until in raw for id in ids]
    places = [place for place, _, _ in raw for _ in ids]
    for place, stretch, figures in zip(places, stretches, measured_at(tx, stretches), strict=True):
        result[stretch.service_id, place].add(*_parts(figures.totals))
    return result


def _add_cut_hours(
    tx: Transaction, values: dict[str, object], cuts: Sequence[datetime], found: _Sums
) -> None:
    rows = tx.driver.execute(_CUT_HOURS, values).fetchall()
    if not rows:
        return
    hours = [at for _, at, _ in rows]
    begin, end = min(hours), max(hours) + HOUR
    spans = corrections.spans(tx, {service_id for service_id, *_ in rows}, begin, end)
    bounds = [milliseconds(cut) for cut in cuts]
    for service_id, at, packed in rows:
        first = milliseconds(at)
        line = unpacked(first, first + HOUR_MS, packed).overlaid(spans.get(service_id, ()))
        for place, (since, until) in enumerate(pairwise(bounds)):
            if since < line.end and until > line.begin:
                parts = _parts(totals(line.clipped(since, until)))
                found[service_id, place].add(*parts)


def _parts(sums: Totals) -> tuple[int, int, int, int, int]:
    return sums.up_ms, sums.down_ms, sums.unknown_ms, sums.maintenance_ms, sums.paused_ms
