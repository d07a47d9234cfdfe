"""Late results: of checks that an agent made while it could not reach us. For figures alone.

They open no alert, change no status and send no message: what they tell of is over. What the
service was then is settled from the results before them, so that uptime is right afterwards.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.checks import service_states
from app.domain.checks.service_states import RegionState
from app.domain.types import Observation, Status
from app.operations.checks.rows import RESULT_TYPES, array_literal, random_ids, result_row
from app.operations.metrics import counting, progress
from app.operations.recorded_check import RecordedCheck
from app.operations.snapshots.alerting import alerting_snapshots
from app.operations.snapshots.services import newest_snapshots
from app.platform.transaction import Transaction, transaction

OLDEST_SECONDS = 2 * 3600  # twice as long as an agent keeps them: older ones are refused

# The state after the latest result before the first late one, of each service.
_BEFORE = """
SELECT first.service_id, r.settled, r.consecutive_failures
FROM unnest(%(ids)s::uuid[], %(times)s::timestamptz[]) AS first (service_id, at)
CROSS JOIN LATERAL (
    SELECT coalesce(settled_status, status) AS settled, coalesce(consecutive_failures, 0)
        AS consecutive_failures
    FROM check_results
    WHERE service_id = first.service_id AND region = %(region)s
      AND scheduled_for < first.at AND scheduled_for > first.at - interval '1 day'
    ORDER BY scheduled_for DESC LIMIT 1
) r
"""
# Of a service that is checked in several regions: what the others had made of it at that time.
_ELSEWHERE = """
SELECT late.service_id, late.at, r.settled
FROM unnest(%(ids)s::uuid[], %(times)s::timestamptz[]) AS late (service_id, at)
CROSS JOIN LATERAL (
    SELECT coalesce(settled_status, status) AS settled FROM check_results
    WHERE service_id = late.service_id AND region <> %(region)s AND scheduled_for <= late.at
      AND scheduled_for > late.at - interval '1 hour'
    ORDER BY scheduled_for DESC LIMIT 1
) r
"""
_STORE = """
INSERT INTO check_results (service_id, scheduled_for, region, id, checked_at, status,
    response_time_ms, status_code, error, failure_kind, dns_ms, connect_ms, tls_ms, ttfb_ms,
    transfer_ms, in_maintenance, settled_status, consecutive_failures, ssl_days_remaining,
    cover_seconds)
SELECT * FROM unnest({}) ON CONFLICT DO NOTHING RETURNING id
""".format(", ".join(f"%s::{kind}[]" for kind in RESULT_TYPES))


def store(region: str, results: Sequence[Any], now: datetime) -> int:
    """Store results where there are none for their due time; return how many were new.

    Each is a `Delivered` of `results`, whose service is at its version. Nobody else stores for
    these due times: they lie before the one that is next.
    """
    with transaction() as tx:
        checks = [
            RecordedCheck(
                service_id=one.service_id,
                version=one.version,
                region=region,
                lease_token=0,
                scheduled_for=one.scheduled_for,
                claimed_state=RegionState(),
                claimed_service_status=Status.UNKNOWN,
                observation=one.observation,
                checked_at=min(one.checked_at, now),
            )
            for one in sorted(results, key=lambda one: one.scheduled_for)
        ]
        progress.mark_late(tx, [(check.service_id, check.checked_at) for check in checks])
        found = newest_snapshots(
            tx.driver.cursor(), {check.service_id: check.version for check in checks}
        )
        checks = [check for check in checks if check.service_id in found]
        if not checks:
            return 0
        for check, check_id in zip(checks, random_ids(len(checks)), strict=True):
            check.snapshot, check.check_id = found[check.service_id], check_id
        _confirm_statuses(tx, region, checks)
        _mark_maintenance(tx, checks)
        columns = zip(*map(result_row, checks), strict=True)
        stored = tx.driver.execute(_STORE, [array_literal(column) for column in columns])
        new = {id for (id,) in stored.fetchall()}
        tx.after_commit(counting.count_checks, [check for check in checks if check.check_id in new])
    return len(new)


def _confirm_statuses(tx: Transaction, region: str, checks: Sequence[RecordedCheck]) -> None:
    """Find the confirmed status of each service at the time of each result, in order."""
    states = _states_before(tx, region, checks)
    elsewhere = _elsewhere(tx, region, checks)
    for check in checks:
        snapshot, observed = check.snapshot, check.observation
        states[check.service_id] = check.state = service_states.next_state(
            states.get(check.service_id, RegionState()),
            observed.status,
            snapshot.failure_threshold,
            snapshot.recovery_threshold,
        )
        check.confirmed_status = _confirmed(check, elsewhere, observed)


def _confirmed(
    check: RecordedCheck, elsewhere: Mapping[tuple[UUID, datetime], Status], observed: Observation
) -> Status:
    if len(check.snapshot.regions) > 1:
        result = elsewhere.get((check.service_id, check.scheduled_for))
        if result is not None:
            return result
    return Status.UNKNOWN if observed.status is Status.UNKNOWN else check.state.status


def _states_before(
    tx: Transaction, region: str, checks: Sequence[RecordedCheck]
) -> dict[UUID, RegionState]:
    first: dict[UUID, datetime] = {}
    for check in checks:
        first.setdefault(check.service_id, check.scheduled_for)
    rows = tx.driver.execute(
        _BEFORE, {"ids": list(first), "times": list(first.values()), "region": region}
    ).fetchall()
    return {id: RegionState(Status(status), failures) for id, status, failures in rows}


def _elsewhere(
    tx: Transaction, region: str, checks: Sequence[RecordedCheck]
) -> dict[tuple[UUID, datetime], Status]:
    asked = [check for check in checks if len(check.snapshot.regions) > 1]
    if not asked:
        return {}
    values = {
        "ids": [check.service_id for check in asked],
        "times": [check.scheduled_for for check in asked],
        "region": region,
    }
    rows = tx.driver.execute(_ELSEWHERE, values).fetchall()
    return {(id, at): Status(status) for id, at, status in rows}


def _mark_maintenance(tx: Transaction, checks: Sequence[RecordedCheck]) -> None:
    known = alerting_snapshots(tx, {check.snapshot.organization_id for check in checks})
    for check in checks:
        snapshot = check.snapshot
        alerting = known.get(snapshot.organization_id)
        check.maintenance_until = None
        if alerting is not None:
            check.maintenance_until = alerting.maintenance_at(
                snapshot.service_id, snapshot.tags, check.checked_at
            )
