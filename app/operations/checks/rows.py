"""Rows and the live event that a recorded check becomes."""

import os
from collections.abc import Callable, Iterable
from datetime import datetime
from types import NoneType
from typing import Any
from uuid import UUID

from app.domain.checks.response_times import rounded
from app.domain.metrics.coverage import cover_seconds
from app.operations.recorded_check import RecordedCheck
from app.platform.events import CHECK_RESULT, Event


def random_ids(count: int) -> list[UUID]:
    """Return random UUIDs (RFC 9562, version 4).

    One look at the kernel's random numbers for all: a third less time than `uuid4()` for each.
    """
    numbers = os.urandom(16 * count)
    return [UUID(bytes=numbers[at : at + 16], version=4) for at in range(0, 16 * count, 16)]


def entry_row(check: RecordedCheck) -> tuple[Any, ...]:
    """Return what a schedule entry becomes, in the order of `record`'s statement."""
    observation = check.observation
    return (
        check.service_id,
        check.region,
        check.lease_token,
        check.next_due_at,
        check.state.status.value,
        check.state.consecutive_failures,
        check.state.consecutive_successes,
        check.checked_at,
        rounded(observation.response_time_ms),
        observation.status_code,
        observation.error,
        check.place,
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


def result_row(check: RecordedCheck) -> tuple[Any, ...]:
    """Return a check result in the order of `record`'s COPY and of `RESULT_TYPES`."""
    observation, snapshot = check.observation, check.snapshot
    phases, confirmed = observation.phases, check.confirmed_status
    return (
        check.service_id,
        check.scheduled_for,
        check.region,
        check.check_id,
        check.checked_at,
        observation.status.value,
        rounded(observation.response_time_ms),
        observation.status_code,
        observation.error,
        observation.failure_kind and observation.failure_kind.value,
        rounded(phases.dns_ms),
        rounded(phases.connect_ms),
        rounded(phases.tls_ms),
        rounded(phases.ttfb_ms),
        rounded(phases.transfer_ms),
        check.maintenance_until is not None,
        None if confirmed is observation.status else confirmed.value,
        check.state.consecutive_failures or None,
        check.ssl_days_remaining,
        cover_seconds(snapshot.check_interval_seconds, snapshot.target.timeout_seconds),
    )


def check_event(check: RecordedCheck) -> Event:
    """Return the live event of a check result."""
    observation = check.observation
    return Event(
        organization_id=check.snapshot.organization_id,
        type=CHECK_RESULT,
        at=check.checked_at,
        data={
            "id": check.check_id,
            "service_id": check.service_id,
            "service_name": check.snapshot.name,
            "region": check.region,
            "checked_at": check.checked_at,
            "status": observation.status,
            "response_time_ms": rounded(observation.response_time_ms),
            "status_code": observation.status_code,
            "error": observation.error,
            "failure_kind": observation.failure_kind,
        },
    )
