"""Roll-up of results, hour by hour, exact under late results, kills, and ticks that run twice."""

import logging
from collections import defaultdict
from datetime import datetime
from uuid import UUID

from app.operations.metrics import days, hours, partitions, progress
from app.operations.metrics.hours import HOUR, Hour
from app.platform.clock import monotonic
from app.platform.transaction import Transaction, transaction

log = logging.getLogger(__name__)

_DIRTY_AT_ONCE = 500
_DIRTY = "SELECT id, service_id, at, reason FROM metric_dirty ORDER BY id LIMIT %s"


def roll_up(seconds: float = 20.0) -> int:
    """Seal what is over, roll up what is sealed, and compute marked hours again.

    Returns how many hours were done, those marked included. Stops after about so many seconds; the
    next tick goes on. Does nothing while somebody else is at it.
    """
    began_at = monotonic()
    count = 0
    try:
        state = progress.seal()
        hour = state.done_until
        while hour < state.sealed_until and monotonic() - began_at < seconds:
            compute_hour(hour)
            progress.done(hour, hour + HOUR)
            hour += HOUR
            count += 1
        while monotonic() - began_at < seconds and (again := compute_marked()):
            count += again
    except progress.Busy:
        log.info("roll-up skipped: another process rolls up")
    return count


def compute_hour(hour: datetime) -> None:
    """Compute an hour of every service and organization, and the day that ends with it.

    A few services are a transaction: a long one would make claims slow, and what a kill repeats
    comes out the same. Raises Busy.
    """
    partitions.ensure(hour)
    day = days.begin_of(hour)
    ends_day = hour + HOUR == day + days.DAY
    after: UUID | None = UUID(int=0)
    while after is not None:
        with progress.alone() as tx:
            wanted = hours.batch(tx, after, hour)
            hours.compute(tx, wanted)
            if ends_day:
                days.compute(tx, [service_id for service_id, _ in wanted], day)
        after = wanted[-1][0] if wanted else None
    with transaction() as tx:
        owners = days.organizations(tx)
    for owner in owners:
        with progress.alone() as tx:
            days.compute_organizations(tx, [owner], hour)


def compute_marked() -> int:
    """Compute marked hours again, with their days and organizations; return how many marks went.

    A mark that comes meanwhile is a row of its own and stays for the next time. Raises Busy.
    """
    with progress.alone() as tx:
        marks = tx.driver.execute(_DIRTY, (_DIRTY_AT_ONCE,)).fetchall()
        if not marks:
            return 0
        state = progress.read(tx)
        assert state is not None  # nobody marks before something is sealed
        late = {(id, at) for _, id, at, why in marks if why == "late" and at < state.done_until}
        corrected = {(id, at) for _, id, at, _ in marks if at < state.done_until} - late
        _recompute(tx, late, corrected, state)
        # What is not rolled up yet needs no mark.
        tx.driver.execute("DELETE FROM metric_dirty WHERE id = ANY(%s)", ([m[0] for m in marks],))
    return len(marks)


def _recompute(
    tx: Transaction, late: set[Hour], corrected: set[Hour], state: progress.Progress
) -> None:
    oldest = _oldest_raw(tx)
    raw = {hour for hour in late if oldest is not None and hour[1] >= oldest}
    if late - raw:
        log.warning(
            "results came after their day was dropped; its figures stay",
            extra={"hours": len(late - raw)},
        )
    owners: dict[UUID, UUID] = {}
    if raw:
        owners |= hours.compute(tx, sorted(raw))
    if corrected:
        owners |= hours.correct(tx, sorted(corrected))
    by_day: dict[datetime, set[UUID]] = defaultdict(set)
    by_hour: dict[datetime, set[UUID]] = defaultdict(set)
    for service_id, at in raw | corrected:
        if service_id in owners:
            by_day[days.begin_of(at)].add(service_id)
            by_hour[at].add(owners[service_id])
    for day, ids in sorted(by_day.items()):
        if day + days.DAY <= state.done_until:
            days.compute(tx, sorted(ids), day)
    for hour, ids in sorted(by_hour.items()):
        is_raw = oldest is not None and hour >= oldest
        days.compute_organizations(tx, sorted(ids), hour, raw=is_raw)


def _oldest_raw(tx: Transaction) -> datetime | None:
    """Return from when on there are raw results."""
    return tx.scalar(
        "SELECT min(to_date(right(inhrelid::regclass::text, 8), 'YYYYMMDD'))::timestamptz"
        " FROM pg_inherits WHERE inhparent = 'check_results'::regclass"
    )
