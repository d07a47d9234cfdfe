"""Results that agents deliver: evaluated while their lease holds, else stored for figures alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import namedtuple_row

from app.domain.checks.service_states import RegionState
from app.domain.types import Observation, Status
from app.operations.checks import storing
from app.operations.recorded_check import RecordedCheck
from app.operations.remote import late_results
from app.operations.remote.agents import AgentLocation
from app.platform.errors import NotFound
from app.platform.transaction import transaction

_SKEW = timedelta(seconds=5)  # a carried clock may be that far off


class Delivered(NamedTuple):
    """A finished check as an agent delivers it; without a lease it ran while we were away."""

    service_id: UUID
    version: int
    lease_token: int | None
    scheduled_for: datetime
    checked_at: datetime
    observation: Observation


@dataclass(frozen=True, slots=True)
class Accepted:
    """Result of a delivery. Those that come `too_early` are to be delivered again later."""

    evaluated: int
    late: int
    dropped: int
    too_early: int


_ENTRIES = """
SELECT e.ctid AS place, e.service_id, e.lease_token, e.next_due_at, e.status,
    e.consecutive_failures, e.consecutive_successes, s.status AS service_status, s.version,
    now() AS now
FROM schedule_entries e JOIN services s ON s.id = e.service_id
WHERE e.region = %s AND e.service_id = ANY(%s)
  AND s.organization_id = coalesce(%s, s.organization_id)
"""


def accept(location: AgentLocation, delivered: Sequence[Delivered]) -> Accepted:
    """Store results of a location; delivering them again changes nothing.

    One whose lease holds is recorded as if a worker of ours had made the check. Any other is late:
    somebody else may have taken over, so that it is stored only where nothing is yet, and never
    evaluated. Raises NotFound when none of the services is checked at the location, and
    DATABASE_AWAY errors: then nothing is lost by delivering all of it again.
    """
    with transaction() as tx:
        rows: list[Any] = (
            tx.driver.cursor(row_factory=namedtuple_row)
            .execute(
                _ENTRIES,
                (
                    location.region,
                    list({one.service_id for one in delivered}),
                    location.organization_id,
                ),
            )
            .fetchall()
        )
        now = tx.now()
    if delivered and not rows:
        raise NotFound
    entries = {row.service_id: row for row in rows}
    holding, late = [], []
    too_early = 0
    for one in delivered:
        entry = entries.get(one.service_id)
        if entry is None or one.version != entry.version or not _is_plausible(one, now):
            continue  # deleted, or edited since: it is of another service, so to speak
        if one.lease_token is not None and one.lease_token == entry.lease_token:
            if entry.next_due_at <= one.scheduled_for:
                holding.append(_recorded(one, entry, location.region, now))
        elif entry.next_due_at is None:
            continue  # paused
        elif one.scheduled_for < entry.next_due_at:
            late.append(one)
        else:
            too_early += 1  # that due time is still somebody's: theirs counts, if they make it
    storing.store(holding, now)
    stored = late_results.store(location.region, late, now) if late else 0
    dropped = len(delivered) - len(holding) - stored - too_early
    return Accepted(len(holding), stored, dropped, too_early)


def _is_plausible(one: Delivered, now: datetime) -> bool:
    oldest = now - timedelta(seconds=late_results.OLDEST_SECONDS)
    is_recent = oldest <= one.scheduled_for <= now + _SKEW
    return is_recent and one.scheduled_for - _SKEW <= one.checked_at <= now + _SKEW


def _recorded(one: Delivered, entry: Any, region: str, now: datetime) -> RecordedCheck:
    return RecordedCheck(
        service_id=one.service_id,
        version=one.version,
        region=region,
        lease_token=entry.lease_token,
        scheduled_for=one.scheduled_for,
        claimed_state=RegionState(
            Status(entry.status), entry.consecutive_failures, entry.consecutive_successes
        ),
        claimed_service_status=Status(entry.service_status),
        observation=one.observation,
        checked_at=min(one.checked_at, now),
        place=entry.place,
    )
