"""Bodies of what agents send: one end of the program to the other, so that fields may be added."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from flask import request

from app.api.bodies import body_of
from app.operations.checks.claim import Lease
from app.operations.remote import wire
from app.operations.remote.agents import Pulse
from app.operations.remote.results import Delivered
from app.platform.errors import BadRequest, Invalid

_MOST_TEXT = 200
_TOKENS = 2**63


def json_body() -> dict[str, Any]:
    """Return the object in the body of this request. Raises BadRequest."""
    # Not the strict reader of the API: evidence holds whatever a target has sent.
    try:
        result = orjson.loads(body_of(request))
    except orjson.JSONDecodeError:
        raise BadRequest("the body is not JSON") from None
    if not isinstance(result, dict):
        raise BadRequest("the body must be a JSON object")
    return result


def read(asked: Mapping[str, Any], name: str, kind: type) -> Any:
    """Return a field of a type. Raises Invalid."""
    result = asked.get(name)
    if not isinstance(result, kind):
        raise Invalid(f"{name} is missing, or of another type")
    return result


def number(asked: Mapping[str, Any], name: str, default: float) -> float:
    """Return a field that is a number, not negative. Raises Invalid."""
    found = asked.get(name, default)
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < 1e9:
        raise Invalid(f"{name} must be a number that is not negative")
    return float(found)


def uuid(text: Any) -> UUID:
    """Return an id. Raises Invalid."""
    try:
        return UUID(str(text))
    except ValueError:
        raise Invalid("an id is not a UUID") from None


def pulse(data: Mapping[str, Any], protocol: int) -> Pulse:
    """Return what an agent says of itself. Raises Invalid."""
    try:
        return Pulse(
            agent=str(data["agent"])[:_MOST_TEXT],
            version=str(data["version"])[:_MOST_TEXT],
            protocol=protocol,
            checks_per_second=number(data, "checks_per_second", 0.0),
            lateness_ms=None if data.get("lateness_ms") is None else float(data["lateness_ms"]),
            clock=wire.moment(data["clock"]),
            buffered=int(number(data, "buffered", 0)),
            isolated_seconds=None
            if data.get("isolated_seconds") is None
            else number(data, "isolated_seconds", 0.0),
        )
    except wire.UNREADABLE as error:
        raise Invalid(f"the pulse cannot be read: {error}") from None


def delivered(data: Mapping[str, Any]) -> Delivered:
    """Return a result. Raises `wire.UNREADABLE`."""
    token = data.get("lease_token")
    return Delivered(
        UUID(data["service_id"]),
        int(data["version"]),
        None if token is None else int(token),
        wire.moment(data["scheduled_for"]),
        wire.moment(data["checked_at"]),
        wire.observation_of_json(data),
    )


def loss(data: Mapping[str, Any]) -> tuple[UUID, str]:
    """Return a service and the trace of the process that it ended. Raises `wire.UNREADABLE`."""
    return UUID(data["service_id"]), wire.trace_of_json(data["trace"])


def lease(data: Mapping[str, Any], region: str) -> Lease:
    """Return a lease that is given back. Raises `wire.UNREADABLE`."""
    token = int(data["lease_token"])
    if not 0 <= token < _TOKENS:
        raise ValueError("a lease token has 64 bits")
    return Lease(UUID(data["service_id"]), region, token)
