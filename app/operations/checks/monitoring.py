"""Claim what is due, and record what was seen: the two transactions around every check.

The hot path of the program. Statements are plain SQL on the driver connection, one round trip for
a whole batch, because thousands of checks a second pass here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.domain.checks import schedule, service_states
from app.domain.checks.service_states import RegionState
from app.domain.metrics.coverage import cover_seconds
from app.domain.types import Status
from app.operations.checks import certificates, failure_details, status_announcements
from app.operations.checks.rows import (
    RESULT_TYPES,
    Claim,
    Seen,
    Settled,
    array_literal,
    check_event,
    entry_row,
    quarantine_key,
    random_ids,
    result_row,
)
from app.operations.checks.status import RegionStatus, settle_services
from app.operations.health import quarantine
from app.operations.rules import evaluation
from app.operations.rules.evaluation import Judged
from app.operations.snapshots.alerting import Rulebook, rulebooks
from app.operations.snapshots.services import Definition, definitions, newest_definitions
from app.platform.events import Event
from app.platform.transaction import transaction

# Past the timeout, what a worker may take to record a result before its claim is void.
LEASE_MARGIN_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim brought, by the database's clock."""

    claims: list[Claim]
    now: datetime
    next_due_at: datetime | None  # None: the batch was full, or nothing is scheduled


_CLAIM = """
WITH due AS (
    SELECT service_id, region, next_due_at, lease_until IS NOT NULL AS is_lost
    FROM schedule_entries
    WHERE region = %(region)s AND next_due_at <= now()
      AND (lease_until IS NULL OR lease_until < now())
    ORDER BY next_due_at LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
UPDATE schedule_entries e
SET lease_token = nextval('lease_tokens'),
    lease_until = now() + (s.timeout_seconds + %(margin)s) * interval '1 second'
FROM due, services s
WHERE e.service_id = due.service_id AND e.region = due.region AND s.id = due.service_id
RETURNING e.service_id, e.lease_token, due.next_due_at, e.status, e.consecutive_failures,
    e.consecutive_successes, s.status, s.version, now(), due.is_lost
"""


def extend_lease(claim: Claim, seconds: float) -> None:
    """Give a check that runs alone more time."""
    with transaction() as tx:
        tx.driver.execute(
            "UPDATE schedule_entries SET lease_until = now() + %s * interval '1 second'"
            " WHERE service_id = %s AND region = %s AND lease_token = %s",
            (seconds, claim.definition.service_id, claim.region, claim.lease_token),
        )


_NEXT_DUE = """
SELECT now(), (
    SELECT min(next_due_at) FROM schedule_entries WHERE region = %s AND next_due_at > now()
)
"""


def claim(region: str, limit: int) -> Claimed:
    """Take up to `limit` due checks of a region under a lease.

    Whoever else claims at the same time skips the rows locked here.
    """
    with transaction() as tx:
        cursor = tx.driver.cursor()
        cursor.execute(_CLAIM, {"region": region, "limit": limit, "margin": LEASE_MARGIN_SECONDS})
        rows = cursor.fetchall()
        if len(rows) < limit:
            now, next_due_at = cursor.execute(_NEXT_DUE, (region,)).fetchall()[0]
        else:
            now, next_due_at = rows[0][8], None
        lost = [quarantine_key(row[0], region) for row in rows if row[9]]
        losses = quarantine.note_lost(tx, quarantine.Kind.CHECK, lost)
        known = definitions(cursor, {row[0]: row[7] for row in rows})
        books = rulebooks(tx, {definition.organization_id for definition in known.values()})
        if any(book.body_texts for book in books.values()):
            known = {id: books[one.organization_id].with_texts(one) for id, one in known.items()}
    claims = [
        Claim(
            definition=known[row[0]],
            region=region,
            lease_token=row[1],
            scheduled_for=_slot(known[row[0]], region, row[2], row[8]),
            state=RegionState(Status(row[3]), row[4], row[5]),
            service_status=Status(row[6]),
            losses=losses.get(quarantine_key(row[0], region), 0) if row[9] else 0,
        )
        for row in rows
        if row[0] in known
    ]
    return Claimed(claims, now, next_due_at)


def _slot(definition: Definition, region: str, due: datetime, now: datetime) -> datetime:
    interval = definition.check_interval_seconds
    phase = schedule.phase_ms(definition.service_id, region, interval)
    return schedule.scheduled_slot(due, now, interval, phase)


_SETTLE = """
UPDATE schedule_entries e
SET next_due_at = v.next_due_at, lease_until = NULL, lease_token = NULL, status = v.status,
    consecutive_failures = v.failures, consecutive_successes = v.successes,
    last_checked_at = v.checked_at, last_response_time_ms = v.response_time_ms,
    last_status_code = v.status_code, last_error = v.error
FROM unnest(
    %s::uuid[], %s::text[], %s::bigint[], %s::timestamptz[], %s::text[], %s::int[], %s::int[],
    %s::timestamptz[], %s::real[], %s::int[], %s::text[]
) AS v (service_id, region, lease_token, next_due_at, status, failures, successes, checked_at,
    response_time_ms, status_code, error)
WHERE e.service_id = v.service_id AND e.region = v.region AND e.lease_token = v.lease_token
RETURNING v.lease_token
"""

_STORE = """
COPY check_results (service_id, scheduled_for, region, id, checked_at, status, response_time_ms,
    status_code, error, failure_kind, dns_ms, connect_ms, tls_ms, ttfb_ms, transfer_ms,
    in_maintenance, settled_status, consecutive_failures, ssl_days_remaining, cover_seconds)
FROM STDIN (FORMAT binary)
"""


def record(batch: Sequence[Seen], now: datetime, *, with_history: bool = True) -> list[Event]:
    """Store a batch of outcomes, set the next due times and settle the services' colours.

    An outcome whose lease was lost meanwhile writes nothing: somebody else has taken over, or the
    service was edited. Returns the live events to publish; `now` is the database's clock. Rules
    look at stored results unless told to do `with_history=False`.
    """
    if not batch:
        return []
    with transaction() as tx:
        cursor = tx.driver.cursor()
        known = newest_definitions(cursor, {seen.service_id: seen.version for seen in batch})
        settled = [
            _settle(seen, known[seen.service_id], check_id, now)
            for seen, check_id in zip(batch, random_ids(len(batch)), strict=True)
            if seen.service_id in known
        ]
        if not settled:
            return []
        columns = zip(*map(entry_row, settled), strict=True)
        cursor.execute(_SETTLE, [array_literal(column) for column in columns])
        won = {row[0] for row in cursor.fetchall()}
        winners = [entry for entry in settled if entry.seen.lease_token in won]
        books = evaluation.books_for(tx, winners)
        changes, colours = settle_services(
            cursor, [_region_status(entry) for entry in winners], now
        )
        judged = _judged(winners, colours)
        with cursor.copy(_STORE) as copy:
            copy.set_types(RESULT_TYPES)
            for entry, told in zip(winners, judged, strict=True):
                silent = _is_in_maintenance(entry, books, now)
                definition = entry.definition
                covers = cover_seconds(
                    definition.check_interval_seconds, definition.target.timeout_seconds
                )
                copy.write_row((*result_row(entry), silent, *told.told, covers))
        failure_details.keep(cursor, winners)
        # Rules are locked before the channels that any message refers to, as a deletion does.
        evaluation.judge(tx, judged, books, now, with_history=with_history)
        renewed = certificates.keep(tx, winners, books, now)
        status_announcements.announce(tx, status_announcements.news_of(changes), books)
        events = [check_event(entry) for entry in winners]
        events.extend(change.event() for change in changes)
        events.extend(renewed)
    return events


def _settle(seen: Seen, definition: Definition, check_id: UUID, now: datetime) -> Settled:
    state = service_states.settle(
        seen.state,
        seen.observation.status,
        definition.failure_threshold,
        definition.recovery_threshold,
    )
    interval = definition.check_interval_seconds
    due = schedule.next_due(
        now, interval, schedule.phase_ms(definition.service_id, seen.region, interval)
    )
    retry = definition.retry_interval_seconds
    if retry is not None and service_states.is_confirming(state, seen.observation.status):
        due = min(due, now + timedelta(seconds=retry))
    return Settled(seen, definition, check_id, state, due)


def _is_in_maintenance(entry: Settled, books: dict[UUID, Rulebook], now: datetime) -> bool:
    definition = entry.definition
    book = books.get(definition.organization_id)
    return (
        book is not None
        and book.maintenance_until(definition.service_id, definition.tags, now) is not None
    )


def _judged(winners: Sequence[Settled], colours: Mapping[UUID, Status]) -> list[Judged]:
    """Return the results as rules see them: with the colour the whole service has now."""
    return [
        Judged(
            definition=entry.definition,
            observation=entry.seen.observation,
            status=colours.get(entry.seen.service_id, entry.seen.service_status)
            if entry.seen.observation.status is not Status.UNKNOWN
            else Status.UNKNOWN,
            consecutive_failures=entry.state.consecutive_failures,
            checked_at=entry.seen.checked_at,
            check_id=entry.check_id,
        )
        for entry in winners
    ]


def _region_status(entry: Settled) -> RegionStatus:
    return RegionStatus(
        definition=entry.definition,
        status=entry.state.status,
        service_status=entry.seen.service_status,
        reason=entry.seen.observation.error,
        check_id=entry.check_id,
    )


def anything_due(region: str) -> bool:
    """Say whether a region has a check that is due and that nobody is on."""
    with transaction() as tx:
        row = tx.driver.execute(
            "SELECT EXISTS (SELECT FROM schedule_entries WHERE region = %s"
            " AND next_due_at <= now() AND (lease_until IS NULL OR lease_until < now()))",
            (region,),
        ).fetchone()
    return bool(row and row[0])


def scheduled_regions() -> list[str]:
    """Return the regions that any service is checked in, in alphabetical order."""
    with transaction() as tx:
        rows = tx.driver.execute(
            "SELECT DISTINCT region FROM schedule_entries ORDER BY region"
        ).fetchall()
    return [row[0] for row in rows]
