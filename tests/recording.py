"""Recorded checks of a service at times of the test's own choosing, as a worker records them."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from app.domain.checks.service_states import RegionState
from app.domain.types import Observation, Status
from app.operations.checks import record as checks_record
from app.operations.checks.claim import Claim
from app.operations.snapshots.alerting import alerting_snapshots
from app.operations.snapshots.services import service_snapshots
from app.platform.clock import utcnow
from app.platform.transaction import transaction

GREEN = Observation(Status.GREEN, 12.0, status_code=200)
RED = Observation(Status.RED, None, error="connection refused")
_tokens = count(1_000_000)


def observe(letter: str, response_time_ms: float = 12.0) -> Observation:
    """Return what a check saw: Green, Yellow, Red or Unknown."""
    if letter == "R":
        return Observation(Status.RED, None, error="connection refused")
    if letter == "U":
        return Observation(Status.UNKNOWN, None, error="cannot tell")
    status = Status.GREEN if letter == "G" else Status.YELLOW
    return Observation(status, response_time_ms, status_code=200)


def claim_of(service_id: UUID, region: str, due: datetime) -> Claim:
    """Claim a check as it would have been claimed when it was due."""
    token = next(_tokens)
    with transaction() as tx:
        cursor = tx.driver.cursor()
        row = cursor.execute(
            "UPDATE schedule_entries e SET lease_token = %s FROM services s"
            " WHERE s.id = e.service_id AND e.service_id = %s AND e.region = %s"
            " RETURNING e.status, e.consecutive_failures, e.consecutive_successes, s.status,"
            " s.version",
            (token, service_id, region),
        ).fetchone()
        assert row is not None
        known = service_snapshots(cursor, {service_id: row[4]})[service_id]
        known = alerting_snapshots(tx, [known.organization_id])[known.organization_id].with_texts(
            known
        )
    state = RegionState(Status(row[0]), row[1], row[2])
    return Claim(known, region, token, due, state, Status(row[3]))


def check(
    service: dict[str, Any],
    at: datetime,
    observation: Observation,
    region: str = "default",
) -> None:
    """Record one check that was made at a time."""
    record([claim_of(UUID(service["id"]), region, at)], at, observation)


def record(claims: list[Claim], at: datetime, observation: Observation) -> None:
    """Record claimed checks in one batch."""
    checks_record.record([claim.finished(observation, at) for claim in claims], at)


def check_times(number: int, every: float = 60) -> list[datetime]:
    """Return so many times up to about now, oldest first."""
    now = utcnow().replace(microsecond=0)
    return [now - timedelta(seconds=every * back) for back in reversed(range(number))]
