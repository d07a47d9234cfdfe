"""What is claimed, seen and settled around a check, and the rows and event it becomes.

Thousands of each are made a second: named tuples cost a third of frozen dataclasses.
"""

import os
from collections.abc import Callable, Iterable
from datetime import datetime
from types import NoneType
from typing import Any, NamedTuple
from uuid import UUID

from app.domain.checks.service_states import RegionState
from app.domain.types import Observation, Status
from app.operations.snapshots.services import Definition
from app.platform.events import Event


def quarantine_key(service_id: UUID, region: str) -> str:
    """Return what a check is called in the quarantine."""
    return f"{service_id}/{region}"


class Claim(NamedTuple):
    """One check to run now, fenced by its lease token."""

    definition: Definition
    region: str
    lease_token: int
    scheduled_for: datetime
    state: RegionState
    service_status: Status
    losses: int = 0  # processes in a row that ended, or lost its lease, with it in hand

    @property
    def key(self) -> str:
        """Return what this check is called in the quarantine."""
        return quarantine_key(self.definition.service_id, self.region)

    def seen(self, observation: Observation, checked_at: datetime) -> "Seen":
        """Return the outcome: what was observed, and when the check began."""
        return Seen(
            self.definition.service_id,
            self.definition.version,
            self.region,
            self.lease_token,
            self.scheduled_for,
            self.state,
            self.service_status,
            observation,
            checked_at,
        )


class Seen(NamedTuple):
    """The outcome of one claim; it names its service, so that another process can record it."""

    service_id: UUID
    version: int
    region: str
    lease_token: int
    scheduled_for: datetime
    state: RegionState
    service_status: Status
    observation: Observation
    checked_at: datetime


class Settled(NamedTuple):
    """An outcome with what follows from it."""

    seen: Seen
    definition: Definition
    check_id: UUID
    state: RegionState
    next_due_at: datetime


def random_ids(count: int) -> list[UUID]:
    """Return random UUIDs (RFC 9562, version 4).

    One look at the kernel's random numbers for all: a third less time than `uuid4()` for each.
    """
    numbers = os.urandom(16 * count)
    return [UUID(bytes=numbers[at : at + 16], version=4) for at in range(0, 16 * count, 16)]


def entry_row(entry: Settled) -> tuple[Any, ...]:
    """Return what a schedule entry becomes, in the order of monitoring's statement."""
    seen, observation = entry.seen, entry.seen.observation
    return (
        seen.service_id,
        seen.region,
        seen.lease_token,
        entry.next_due_at,
        entry.state.status.value,
        entry.state.consecutive_failures,
        entry.state.consecutive_successes,
        seen.checked_at,
        _rounded(observation.response_time_ms),
        observation.status_code,
        observation.error,
    )


def array_literal(values: Iterable[object]) -> str:
    """Return a column as PostgreSQL's text form of an array (manual, section 8.15.2).

    Written here because the driver's own goes through its adapters for every element.
    """
    return "{" + ",".join([_WRITERS.get(type(value), _quoted)(value) for value in values]) + "}"


def _quoted(value: object) -> str:
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


_WRITERS: dict[type, Callable[[object], str]] = {
    NoneType: lambda _: "NULL",
    datetime: '"{}"'.format,
    UUID: str,
    int: str,
    float: str,
}


# The types of a result's row, so that the driver can write it in binary form: a tenth of the cost.
RESULT_TYPES = (
    *("uuid", "timestamptz", "text", "uuid", "timestamptz", "text", "float4", "int4", "text"),
    "text",
    *("float4", "float4", "float4", "float4", "float4", "bool", "text", "int4", "int4"),
    "int4",
)


def result_row(entry: Settled) -> tuple[Any, ...]:
    """Return a check result in the order of monitoring's COPY and of `RESULT_TYPES`."""
    seen, observation = entry.seen, entry.seen.observation
    phases = observation.phases
    return (
        seen.service_id,
        seen.scheduled_for,
        seen.region,
        entry.check_id,
        seen.checked_at,
        observation.status.value,
        _rounded(observation.response_time_ms),
        observation.status_code,
        observation.error,
        observation.failure_kind and observation.failure_kind.value,
        _rounded(phases.dns_ms),
        _rounded(phases.connect_ms),
        _rounded(phases.tls_ms),
        _rounded(phases.ttfb_ms),
        _rounded(phases.transfer_ms),
    )


def _rounded(milliseconds: float | None) -> float | None:
    # Hundredths: finer figures of a network are noise.
    return None if milliseconds is None else round(milliseconds, 2)


def check_event(entry: Settled) -> Event:
    """Return the live event of a check result."""
    seen, observation = entry.seen, entry.seen.observation
    return Event(
        organization_id=entry.definition.organization_id,
        type="check_result",
        at=seen.checked_at,
        data={
            "id": entry.check_id,
            "service_id": seen.service_id,
            "service_name": entry.definition.name,
            "region": seen.region,
            "checked_at": seen.checked_at,
            "status": observation.status,
            "response_time_ms": _rounded(observation.response_time_ms),
            "status_code": observation.status_code,
            "error": observation.error,
            "failure_kind": observation.failure_kind,
        },
    )
