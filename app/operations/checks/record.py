"""Records of finished checks: the transaction after a check, as a list of stages over one batch.

The hot path of the program. Statements are plain SQL on the driver connection, one round trip for
a whole batch, because thousands of checks a second pass here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from app.domain.checks import schedule, service_states
from app.domain.types import Status
from app.operations.checks import (
    certificates,
    failure_details,
    leased,
    status_announcements,
)
from app.operations.checks.rows import (
    RESULT_TYPES,
    array_literal,
    check_event,
    entry_row,
    random_ids,
    result_row,
)
from app.operations.checks.status import StatusUpdate, update_statuses
from app.operations.metrics import counting, progress
from app.operations.recorded_check import RecordedCheck
from app.operations.rules import evaluation
from app.operations.snapshots.alerting import AlertingSnapshot, alerting_snapshots
from app.operations.snapshots.services import newest_snapshots
from app.platform.clock import monotonic
from app.platform.events import Event
from app.platform.transaction import Transaction, transaction


@dataclass(slots=True)
class _Batch:
    """Checks recorded in one transaction, and what the stages so far have found out."""

    tx: Transaction
    now: datetime  # the database's clock
    checks: list[RecordedCheck]
    with_history: bool
    alerting: Mapping[UUID, AlertingSnapshot] = field(default_factory=dict)
    changes: list[StatusUpdate] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def record(
    batch: Sequence[RecordedCheck], now: datetime, *, with_history: bool = True
) -> list[Event]:
    """Store a batch of finished checks, with all that follows from them, in one transaction.

    A check whose lease was lost meanwhile writes nothing: somebody else has taken over, or the
    service was edited. Returns the live events to publish; `now` is the database's clock. Rules
    look at stored results unless told to do `with_history=False`.
    """
    if not batch:
        return []
    began_at = monotonic()
    # In the order in which edits lock: of two that meet, one waits for the other.
    ordered = sorted(batch, key=lambda check: (check.service_id, check.region))
    with transaction() as tx:
        recording = _Batch(tx, now, ordered, with_history)
        for stage in _STAGES:
            stage(recording)
            if not recording.checks:
                return []
    counting.count_batch(monotonic() - began_at)
    return recording.events


# Locked first, in the order in which edits lock: the UPDATE alone takes the rows as they come, in a
# small table by their place, and then waits in a circle with an edit, or with another batch.
_SETTLE = """
WITH v AS MATERIALIZED (
    SELECT * FROM unnest(
        %s::uuid[], %s::text[], %s::bigint[], %s::timestamptz[], %s::text[], %s::int[], %s::int[],
        %s::timestamptz[], %s::real[], %s::int[], %s::text[], %s::tid[]
    ) AS v (service_id, region, lease_token, next_due_at, status, failures, successes, checked_at,
        response_time_ms, status_code, error, place)
), leased AS MATERIALIZED (
    SELECT e.ctid AS place, e.lease_token FROM v JOIN schedule_entries e
      ON {found} AND e.lease_token = v.lease_token
    ORDER BY e.service_id, e.region FOR NO KEY UPDATE OF e
)
UPDATE schedule_entries e
SET next_due_at = v.next_due_at, lease_until = NULL, lease_token = NULL, status = v.status,
    consecutive_failures = v.failures, consecutive_successes = v.successes,
    last_checked_at = v.checked_at, last_response_time_ms = v.response_time_ms,
    last_status_code = v.status_code, last_error = v.error
FROM v JOIN leased USING (lease_token)
WHERE e.ctid = leased.place
RETURNING leased.lease_token
"""


def _apply_states(batch: _Batch) -> None:
    """Set the running state and the next due time, and keep the checks whose lease still holds."""
    cursor = batch.tx.driver.cursor()
    known = newest_snapshots(cursor, {check.service_id: check.version for check in batch.checks})
    batch.checks = [check for check in batch.checks if check.service_id in known]
    if not batch.checks:
        return
    for check, check_id in zip(batch.checks, random_ids(len(batch.checks)), strict=True):
        check.snapshot, check.check_id = known[check.service_id], check_id
        check.state = service_states.next_state(
            check.claimed_state,
            check.observation.status,
            check.snapshot.failure_threshold,
            check.snapshot.recovery_threshold,
        )
        check.next_due_at = _next_due(check, batch.now)

    def settle(found: str, checks: list[RecordedCheck]) -> list[int]:
        columns = zip(*map(entry_row, checks), strict=True)
        cursor.execute(_SETTLE.format(found=found), [array_literal(column) for column in columns])
        return [lease_token for (lease_token,) in cursor.fetchall()]

    ours = leased.still_leased(batch.checks, settle)
    batch.checks = [check for check in batch.checks if check.lease_token in ours]


def _mark_late(batch: _Batch) -> None:
    """Have the hours rolled up again that a check comes too late for; nothing is sealed now."""
    progress.mark_late(batch.tx, [(check.service_id, check.checked_at) for check in batch.checks])


def _next_due(check: RecordedCheck, now: datetime) -> datetime:
    interval = check.snapshot.check_interval_seconds
    phase = schedule.phase_ms(check.service_id, check.region, interval)
    # Never the same slot again, whatever the clocks say: a result of it is stored already.
    due = schedule.next_due(max(now, check.scheduled_for), interval, phase)
    retry = check.snapshot.retry_interval_seconds
    if retry is not None and service_states.is_confirming(check.state, check.observation.status):
        due = min(due, now + timedelta(seconds=retry))
    return due


def _update_status(batch: _Batch) -> None:
    """Write the statuses of services that changed; note which one rules see beside each check."""
    batch.alerting = alerting_snapshots(
        batch.tx, {check.snapshot.organization_id for check in batch.checks}
    )
    cursor = batch.tx.driver.cursor()
    batch.changes, statuses = update_statuses(cursor, batch.checks, batch.now)
    for check in batch.checks:
        snapshot = check.snapshot
        check.confirmed_status = (
            statuses.get(check.service_id, check.claimed_service_status)
            if check.observation.status is not Status.UNKNOWN
            else Status.UNKNOWN
        )
        current = batch.alerting.get(snapshot.organization_id)
        check.maintenance_until = (
            None
            if current is None
            else current.maintenance_until(check.service_id, snapshot.tags, batch.now)
        )


_STORE = """
COPY check_results (service_id, scheduled_for, region, id, checked_at, status, response_time_ms,
    status_code, error, failure_kind, dns_ms, connect_ms, tls_ms, ttfb_ms, transfer_ms,
    in_maintenance, settled_status, consecutive_failures, ssl_days_remaining, cover_seconds)
FROM STDIN (FORMAT binary)
"""


def _store(batch: _Batch) -> None:
    """Store the results, and the details of failures that begin."""
    cursor = batch.tx.driver.cursor()
    with cursor.copy(_STORE) as copy:
        copy.set_types(RESULT_TYPES)
        for check in batch.checks:
            copy.write_row(result_row(check))
    failure_details.keep(cursor, batch.checks)


def _evaluate_rules(batch: _Batch) -> None:
    """Open and resolve alerts.

    Rules are locked before the channels that any message refers to, as a deletion does.
    """
    evaluation.evaluate_rules(
        batch.tx, batch.checks, batch.alerting, batch.now, with_history=batch.with_history
    )


def _store_certificates(batch: _Batch) -> None:
    """Store the certificates that were shown, and enqueue messages about new ones."""
    batch.events += certificates.keep(batch.tx, batch.checks, batch.alerting, batch.now)


def _enqueue_status_changes(batch: _Batch) -> None:
    """Enqueue messages about changes of status, and list the live events."""
    changes = status_announcements.by_service(batch.changes)
    status_announcements.enqueue_changes(batch.tx, changes, batch.alerting)
    batch.events = [
        *map(check_event, batch.checks),
        *(change.event() for change in batch.changes),
        *batch.events,
    ]


def _count(batch: _Batch) -> None:
    """Count the checks once they are stored, for Prometheus."""
    batch.tx.after_commit(counting.count_checks, batch.checks)


_STAGES: tuple[Callable[[_Batch], None], ...] = (
    _apply_states,
    _mark_late,
    _update_status,
    _store,
    _evaluate_rules,
    _store_certificates,
    _enqueue_status_changes,
    _count,
)
