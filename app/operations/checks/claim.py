"""Claims of due checks: the transaction before a check. The one after it is in `record`.

The hot path of the program. Statements are plain SQL on the driver connection, one round trip for
all claims, because thousands of checks a second pass here.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import namedtuple_row

from app.domain.checks import schedule
from app.domain.checks.service_states import RegionState
from app.domain.types import Observation, Status
from app.operations.checks import leased
from app.operations.health import quarantine
from app.operations.health.quarantine import NEVER_LOST, Loss
from app.operations.recorded_check import RecordedCheck, quarantine_key
from app.operations.snapshots.alerting import AlertingSnapshot, Rule, alerting_snapshots
from app.operations.snapshots.services import ServiceSnapshot, service_snapshots
from app.platform.transaction import single_statement, single_value, transaction

log = logging.getLogger(__name__)

# Past the timeout, what a worker may take to record a result before its claim is void. Results that
# change nothing wait for company for most of a second of it.
LEASE_MARGIN_SECONDS = 3
_UNBOUNDED_SECONDS = 1_000_000_000


class Claim(NamedTuple):
    """One check to run now, fenced by its lease token."""

    snapshot: ServiceSnapshot
    region: str
    lease_token: int
    scheduled_for: datetime
    state: RegionState
    service_status: Status
    rules: tuple[Rule, ...] = ()  # that watch the service
    loss: Loss = NEVER_LOST  # processes in a row that ended, or lost its lease, with it in hand
    place: str | None = None  # of its claimed row (`ctid`); None: it is found by its key

    @property
    def service_id(self) -> UUID:
        """Return the service that is checked."""
        return self.snapshot.service_id

    @property
    def key(self) -> str:
        """Return the key of this check in the quarantine."""
        return quarantine_key(self.snapshot.service_id, self.region)

    def finished(self, observation: Observation, checked_at: datetime) -> RecordedCheck:
        """Return the check to be recorded: what was observed, and when the check began."""
        return RecordedCheck(
            self.snapshot.service_id,
            self.snapshot.version,
            self.region,
            self.lease_token,
            self.scheduled_for,
            self.state,
            self.service_status,
            observation,
            checked_at,
            self.place,
        )


class Lease(NamedTuple):
    """Lease of a check: who holds its token may record it."""

    service_id: UUID
    region: str
    token: int

    @classmethod
    def of(cls, check: Claim | RecordedCheck) -> "Lease":
        """Return the lease under which a check was claimed."""
        return cls(check.service_id, check.region, check.lease_token)


@dataclass(frozen=True, slots=True)
class Claimed:
    """Checks that a claim brought, by the database's clock."""

    claims: list[Claim]
    now: datetime
    next_due_at: datetime | None  # None: the batch was full, or nothing is scheduled
    has_requests: bool = False  # whether one-off probes may wait
    claim_seconds: float | None = None  # of the claim, where the call waited besides; else None


# The locked rows are found again by their place. By their key each is found only past all its
# earlier versions, which are many while a long snapshot keeps the database from cleaning up. A row
# that was edited between the snapshot and the lock is left to the next claim.
_CLAIM_FROM = """
WITH due AS (
    SELECT ctid AS place, service_id, next_due_at, lease_until IS NOT NULL AS is_lost
    FROM schedule_entries
    WHERE region = %(region)s AND next_due_at <= now() + %(ahead)s * interval '1 second'
      AND next_due_at > now() - %(behind)s * interval '1 second'
      AND (lease_until IS NULL OR lease_until < now()) {only}
    ORDER BY next_due_at LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
UPDATE schedule_entries e
SET lease_token = nextval('lease_tokens'),
    lease_until = greatest(now(), due.next_due_at)
        + (s.timeout_seconds + %(margin)s) * interval '1 second'
FROM due, services s
WHERE e.ctid = due.place AND s.id = due.service_id
RETURNING e.ctid AS place, e.service_id, e.lease_token, due.next_due_at, e.status,
    e.consecutive_failures, e.consecutive_successes, s.status AS service_status, s.version,
    now() AS now, due.is_lost
"""
_CLAIM = _CLAIM_FROM.format(only="")
_CLAIM_OF_ORGANIZATION = _CLAIM_FROM.format(
    only="AND service_id IN (SELECT id FROM services WHERE organization_id = %(organization)s)"
)
_NEXT_DUE = """
SELECT now(), (
    SELECT min(next_due_at) FROM schedule_entries
    WHERE region = %(region)s AND next_due_at > now() + %(ahead)s * interval '1 second'
), EXISTS (
    SELECT FROM probe_requests
    WHERE region = %(region)s AND outcome IS NULL AND lease_until IS NULL
)
"""


def claim(
    region: str,
    limit: int,
    *,
    ahead_seconds: float = 0.0,
    behind_seconds: float | None = None,
    margin_seconds: int = LEASE_MARGIN_SECONDS,
    organization_id: UUID | None = None,
    notes_losses: bool = True,
) -> Claimed:
    """Take up to `limit` checks of a region under a lease that are due, or will be that soon.

    Whoever else claims at the same time skips the rows locked here. What has been due for longer
    than `behind_seconds` is left out: while a long snapshot (a `pg_dump`) keeps the database from
    cleaning up, the dead index entries of all earlier checks lie there, and a scan from the
    beginning takes longer with every check made. `organization_id` leaves out what belongs to
    others; `notes_losses` counts leases that ran out against the checks.
    """
    values = {
        "region": region,
        "limit": limit,
        "margin": margin_seconds,
        "organization": organization_id,
        "ahead": ahead_seconds,
        "behind": _UNBOUNDED_SECONDS if behind_seconds is None else behind_seconds,
    }
    with transaction() as tx:
        cursor = tx.driver.cursor()
        statement = _CLAIM if organization_id is None else _CLAIM_OF_ORGANIZATION
        rows: list[Any] = (
            tx.driver.cursor(row_factory=namedtuple_row).execute(statement, values).fetchall()
        )
        if len(rows) < limit:
            now, next_due_at, has_requests = cursor.execute(_NEXT_DUE, values).fetchall()[0]
        else:
            now, next_due_at, has_requests = rows[0].now, None, True
        lost = [
            quarantine_key(row.service_id, region) for row in rows if row.is_lost and notes_losses
        ]
        losses = quarantine.note_lost(tx, quarantine.WorkKind.CHECK, lost)
        known = service_snapshots(cursor, {row.service_id: row.version for row in rows})
        alerting = alerting_snapshots(tx, {snapshot.organization_id for snapshot in known.values()})
        if any(current.body_texts for current in alerting.values()):
            known = {id: alerting[one.organization_id].with_texts(one) for id, one in known.items()}
    claims = []
    for row in rows:
        snapshot = known.get(row.service_id)
        if snapshot is None:
            continue
        state = RegionState(Status(row.status), row.consecutive_failures, row.consecutive_successes)
        claims.append(
            Claim(
                snapshot=snapshot,
                region=region,
                lease_token=row.lease_token,
                scheduled_for=_slot(snapshot, region, row.next_due_at, row.now),
                state=state,
                service_status=Status(row.service_status),
                rules=_rules(alerting, snapshot),
                loss=_loss(losses, snapshot.service_id, region),
                place=row.place,
            )
        )
    return Claimed(claims, now, next_due_at, has_requests)


def _rules(
    alerting: Mapping[UUID, AlertingSnapshot], snapshot: ServiceSnapshot
) -> tuple[Rule, ...]:
    current = alerting.get(snapshot.organization_id)
    return current.rules_for(snapshot) if current else ()


def _loss(losses: Mapping[str, Loss], service_id: UUID, region: str) -> Loss:
    return losses.get(quarantine_key(service_id, region), NEVER_LOST) if losses else NEVER_LOST


def _slot(snapshot: ServiceSnapshot, region: str, due: datetime, now: datetime) -> datetime:
    interval = snapshot.check_interval_seconds
    phase = schedule.phase_ms(snapshot.service_id, region, interval)
    return schedule.scheduled_slot(due, now, interval, phase)


def extend_lease(lease: Lease, seconds: float) -> None:
    """Give a check that runs alone more time."""
    with transaction() as tx:
        tx.driver.execute(
            "UPDATE schedule_entries SET lease_until = now() + %s * interval '1 second'"
            " WHERE service_id = %s AND region = %s AND lease_token = %s",
            (seconds, *lease),
        )


_STILL_LEASED = """
SELECT v.lease_token
FROM unnest(%s::uuid[], %s::text[], %s::bigint[], %s::tid[])
    AS v (service_id, region, lease_token, place)
JOIN schedule_entries e ON {found} AND e.lease_token = v.lease_token
"""


def still_leased(claims: Sequence[Claim]) -> set[int]:
    """Return the lease tokens of those claims that are still ours."""

    def find(found: str, claims: Sequence[Claim]) -> list[int]:
        columns = (
            [claim.service_id for claim in claims],
            [claim.region for claim in claims],
            [claim.lease_token for claim in claims],
            [claim.place for claim in claims],
        )
        return tx.scalars(_STILL_LEASED.format(found=found), columns)

    with transaction() as tx:
        return leased.still_leased(claims, find)


def release(leases: Sequence[Lease]) -> int:
    """Give back claims of checks that will not be made here: they are due at once, not lost.

    Return how many were still held.
    """
    with transaction() as tx:
        released = tx.driver.execute(
            "UPDATE schedule_entries e SET lease_until = NULL"
            " FROM unnest(%s::uuid[], %s::text[], %s::bigint[]) AS l (service_id, region, token)"
            " WHERE e.service_id = l.service_id AND e.region = l.region AND lease_token = l.token"
            " AND lease_until IS NOT NULL",
            [list(column) for column in zip(*leases, strict=True)],
        )
        return released.rowcount


def give_back(leases: Sequence[Sequence[Any]]) -> None:
    """Give back what a process held that was killed: service, region and lease token of each."""
    count = release([Lease(UUID(id), region, token) for id, region, token in leases])
    if count:  # of most the result was recorded since
        log.warning("leases of a killed process are given back", extra={"count": count})


def anything_due(region: str) -> bool:
    """Say whether a region has a check that is due and not claimed."""
    return bool(
        single_value(
            "SELECT EXISTS (SELECT FROM schedule_entries WHERE region = %s"
            " AND next_due_at <= now() AND (lease_until IS NULL OR lease_until < now()))",
            (region,),
        )
    )


def scheduled_regions() -> list[str]:
    """Return the regions that any service is checked in, in alphabetical order.

    One step along the index for each region: DISTINCT would read all of it, and the index of the
    entries begins with what a long snapshot keeps of earlier checks.
    """
    found = single_statement(
        "WITH RECURSIVE found (region) AS ("
        " SELECT min(region) FROM schedule_keys UNION ALL"
        " SELECT (SELECT min(region) FROM schedule_keys WHERE region > found.region)"
        " FROM found WHERE found.region IS NOT NULL)"
        " SELECT region FROM found WHERE region IS NOT NULL"
    )
    return [row.region for row in found]
