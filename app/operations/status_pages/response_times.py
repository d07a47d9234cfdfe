"""Response times for the charts of a page: from roll-ups, computed once an hour."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.domain.metrics import histogram
from app.domain.metrics.plan import HOUR, floor
from app.domain.status_pages.response_times import Range
from app.models.services import ScheduleEntry
from app.operations.metrics import progress
from app.platform.events import timestamp
from app.platform.transaction import Transaction

_HOURS = """
SELECT service_id, at, hist, min_ms, max_ms FROM metric_hours
WHERE service_id = ANY(%s) AND at >= %s AND at < %s AND timed > 0
"""
_DAYS = _HOURS.replace("metric_hours", "metric_days")
_SOURCES = ((Range.DAY, _HOURS), (Range.WEEK, _HOURS), (Range.QUARTER, _DAYS))
_WHOLE_FROM_MS = 10  # from here on a tenth of a millisecond tells nobody anything

_Row = tuple[bytes, float | None, float | None]


def charts(
    tx: Transaction, keys: Mapping[UUID, str], stored: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return response times by the keys of services: `{until, services: {key: {range: …}}}`.

    Each range has `p50`, `p95` and `points`, one `[p50, p95]` an interval, None where nothing was
    measured; milliseconds. `stored` is what was returned before: it stands for an hour.
    """
    state = progress.read(tx)
    if state is None or not keys:
        return {}
    until = floor(state.done_until, HOUR)
    is_known = stored is not None and stored.get("until") == timestamp(until)
    if is_known and stored is not None and stored["services"].keys() == set(keys.values()):
        return dict(stored)
    found: dict[str, dict[str, Any]] = {key: {} for key in keys.values()}
    for span, query in _SOURCES:
        begin = span.begin(until)
        end = begin + span.intervals * span.step
        rows = tx.driver.execute(query, (list(keys), begin, end)).fetchall()
        for service_id, chart in _by_service(rows, span, begin).items():
            found[keys[service_id]][span.value] = chart
    return {"until": timestamp(until), "services": found}


def figures(
    tx: Transaction, keys: Mapping[UUID, str], charts: Mapping[str, Any]
) -> dict[UUID, dict[str, Any]]:
    """Return how long the last checks of services took, and the 95th percentile of a day."""
    rows = tx.session.execute(
        select(ScheduleEntry.service_id, func.avg(ScheduleEntry.last_response_time_ms))
        .where(
            ScheduleEntry.service_id.in_(list(keys)),
            ScheduleEntry.last_response_time_ms.is_not(None),
        )
        .group_by(ScheduleEntry.service_id)
    )
    days = {
        key: spans[Range.DAY]["p95"]
        for key, spans in charts.get("services", {}).items()
        if Range.DAY in spans
    }
    return {id: {"now_ms": round(float(ms), 1), "p95_ms": days.get(keys[id])} for id, ms in rows}


def _by_service(
    rows: Iterable[tuple[Any, ...]], span: Range, begin: datetime
) -> dict[UUID, dict[str, Any]]:
    parts: dict[UUID, dict[int, list[_Row]]] = defaultdict(lambda: defaultdict(list))
    for service_id, at, hist, least, most in rows:
        parts[service_id][_place(at - begin, span)].append((hist, least, most))
    return {id: _chart(places, span) for id, places in parts.items()}


def _place(since: timedelta, span: Range) -> int:
    return since // span.step


def _chart(places: Mapping[int, Sequence[_Row]], span: Range) -> dict[str, Any]:
    every = _percentiles([row for rows in places.values() for row in rows])
    return {
        "p50": every[0],
        "p95": every[1],
        "points": [_percentiles(places[n]) if n in places else None for n in range(span.intervals)],
    }


def _percentiles(rows: Sequence[_Row]) -> list[float | int | None]:
    counts = histogram.merged(hist for hist, *_ in rows)
    low = min((ms for _, ms, _ in rows if ms is not None), default=None)
    high = max((ms for _, _, ms in rows if ms is not None), default=None)
    return list(map(_rounded, histogram.percentiles(counts, (0.5, 0.95), low, high)))


def _rounded(ms: float | None) -> float | int | None:
    if ms is None:
        return None
    return round(ms) if ms >= _WHOLE_FROM_MS else round(ms, 1)
