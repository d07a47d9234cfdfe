"""One-off probes of unsaved services: the API leaves a request, a worker leaves the outcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.domain.checks.response_times import rounded
from app.domain.checks.secret_references import MisdirectedSecret, UnknownSecret
from app.domain.types import Observation, Target
from app.operations import secrets
from app.operations.checks.failure_details import storable
from app.operations.locations import locations
from app.operations.schedule import entries as schedule_entries
from app.operations.services.definitions import constraints, new_columns
from app.platform.bootstrap import runtime
from app.platform.transaction import transaction
from app.security.sealing import reveal

# Past this age nobody waits for the answer any more.
PATIENCE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class ProbeTask:
    """A request a worker has taken."""

    id: UUID
    target: Target
    fault: str | None = None  # why it cannot be run at all


# What a worker needs of a service: the fields of a Target.
_TARGET_FIELDS = ("check_type", "endpoint", "timeout_seconds", "slow_threshold_ms", "config")


def ask(organization_id: UUID, data: Mapping[str, Any]) -> tuple[UUID, int]:
    """Leave a request to probe a service as it would be created, in its first region.

    Returns the id of the request and the timeout of its check in seconds. Raises Invalid.
    """
    vault = runtime().vault
    columns = new_columns(data, constraints(organization_id))
    region = columns["regions"][0]
    snapshot = {name: columns[name] for name in _TARGET_FIELDS}
    snapshot["config"] = reveal(columns["config"], vault)
    with transaction() as tx:
        locations.require_regions(tx, organization_id, [region])
        request_id = tx.scalar(
            "INSERT INTO probe_requests (id, organization_id, region, sealed_target)"
            " VALUES (gen_random_uuid(), %s, %s, %s) RETURNING id",
            (organization_id, region, vault.encrypt_json(snapshot)),
        )
        tx.after_commit(schedule_entries.hint, region)
    assert request_id is not None
    return request_id, columns["timeout_seconds"]


def claim(region: str, limit: int, *, organization_id: UUID | None = None) -> list[ProbeTask]:
    """Take requests of a region, of one organization where it is given; each is tried once."""
    with transaction() as tx:
        rows = tx.rows(
            """
            UPDATE probe_requests SET lease_until = now() + interval '2 minutes'
            WHERE id = ANY (ARRAY(
                SELECT id FROM probe_requests
                WHERE region = %s AND outcome IS NULL AND lease_until IS NULL
                  AND created_at > now() - %s * interval '1 second'
                  AND organization_id = coalesce(%s, organization_id)
                ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED
            ))
            RETURNING id, organization_id, sealed_target
            """,
            (region, PATIENCE_SECONDS, organization_id, limit),
        )
        known = secrets.values(tx.driver.cursor(), {row.organization_id for row in rows})
    tasks = []
    for request_id, organization_id, sealed_target in rows:
        fields = runtime().vault.decrypt_json(bytes(sealed_target))
        fields.pop("organization_id", None)
        secrets_known = known.get(organization_id, secrets.Secrets())
        filled: tuple[str, ...] = ()
        fault = None
        try:
            fields["endpoint"], fields["config"], filled = secrets_known.fill(
                fields["endpoint"], fields["config"]
            )
        except (UnknownSecret, MisdirectedSecret) as error:
            fault = f"this service cannot be checked: {error}"
        target = Target(**fields, organization_id=organization_id, secrets=filled)
        tasks.append(ProbeTask(request_id, target, fault))
    return tasks


def answer(request_id: UUID, observation: Observation, *, region: str | None = None) -> None:
    """Leave the outcome for whoever waits; `region` leaves requests of other ones alone."""
    outcome = {
        "status": observation.status,
        "response_time_ms": rounded(observation.response_time_ms),
        "status_code": observation.status_code,
        "error": observation.error,
        "failure_kind": observation.failure_kind,
        "phases": {name: rounded(ms) for name, ms in observation.phases._asdict().items()},
        "evidence": dict(observation.evidence) if observation.evidence else None,
    }
    with transaction() as tx:
        tx.driver.execute(
            "UPDATE probe_requests SET outcome = %s"
            " WHERE id = %s AND region = coalesce(%s, region)",
            (storable(outcome), request_id, region),
        )


def outcome(request_id: UUID) -> dict[str, Any] | None:
    """Return the outcome of a request, None while there is none."""
    with transaction() as tx:
        result = tx.scalar("SELECT outcome FROM probe_requests WHERE id = %s", (request_id,))
    return result
