"""/heartbeats: jobs that report by themselves."""

from typing import Any
from uuid import UUID

from flask import Response

from app.api.crud import Operations, ResourceRoutes, add_routes
from app.api.http import PAGE_HEADERS, Blueprint, invalid, page, read_cursor, write_cursor
from app.api.standby_reads import from_standby
from app.operations.heartbeats import heartbeats
from app.operations.heartbeats import queries as heartbeat_queries
from app.operations.heartbeats.queries import HistoryPosition
from app.schemas.heartbeats import (
    HeartbeatChangeSchema,
    HeartbeatFilterSchema,
    HeartbeatFlipSchema,
    HeartbeatInputSchema,
    HeartbeatPingSchema,
    HeartbeatReplacementSchema,
    HeartbeatSchema,
    HistoryPageSchema,
    PingFilterSchema,
)
from app.security.access import principal, requires

bp = Blueprint(
    "heartbeats",
    __name__,
    url_prefix="/heartbeats",
    description="Jobs that report by themselves; silence raises an alert.",
)

add_routes(
    bp,
    ResourceRoutes(
        noun="a heartbeat",
        plural="heartbeats",
        permission="heartbeats",
        id_name="heartbeat_id",
        answer=HeartbeatSchema,
        body=HeartbeatInputSchema,
        change=HeartbeatChangeSchema(partial=True),
        replacement=HeartbeatReplacementSchema(partial=True),
        filter=HeartbeatFilterSchema,
        operations=Operations.of(heartbeats),
        notes={
            "list": "`X-Total-Count` says how many match in all.",
            "create": "It is awaited from now on: let the job call its `ping_url`.",
            "change": "Changes the given fields and leaves the others. What a new schedule would "
            "have expected before the change is not held against the job.",
            "delete": "Its key stops to work, its history goes, and an alert that is open is "
            "resolved first.",
        },
    ),
)


@bp.post("/<uuid:heartbeat_id>/pause")
@requires("heartbeats:write")
@bp.returns(HeartbeatSchema)
def pause(heartbeat_id: UUID) -> dict[str, Any]:
    """Pause a heartbeat

    Nothing is expected until it is resumed, and an open alert is resolved; pings are still kept.
    """
    return heartbeats.set_active(principal().organization_id, heartbeat_id, active=False)


@bp.post("/<uuid:heartbeat_id>/resume")
@requires("heartbeats:write")
@bp.returns(HeartbeatSchema)
def resume(heartbeat_id: UUID) -> dict[str, Any]:
    """Resume a heartbeat

    It is healthy, and awaited from now on.
    """
    return heartbeats.set_active(principal().organization_id, heartbeat_id, active=True)


@bp.post("/<uuid:heartbeat_id>/rotate-key")
@requires("heartbeats:write")
@bp.returns(HeartbeatSchema)
def rotate_key(heartbeat_id: UUID) -> dict[str, Any]:
    """Give a heartbeat a new key

    The key it had works for another hour.
    """
    return heartbeats.rotate_key(principal().organization_id, heartbeat_id)


@bp.get("/<uuid:heartbeat_id>/pings")
@requires("heartbeats:read")
@bp.accepts(PingFilterSchema, location="query")
@bp.returns(HeartbeatPingSchema(many=True), headers=PAGE_HEADERS)
@from_standby
def pings(query: dict[str, Any], heartbeat_id: UUID) -> Response:
    """List the pings of a heartbeat

    Newest first. The last 1,000 are kept for 90 days, the last 100 for good.
    """
    limit, after = _take_history_page(query)
    found, position = heartbeat_queries.pings(
        principal().organization_id, heartbeat_id, query, limit=limit, after=after
    )
    return _history_page(found, position)


@bp.get("/<uuid:heartbeat_id>/flips")
@requires("heartbeats:read")
@bp.accepts(HistoryPageSchema, location="query")
@bp.returns(HeartbeatFlipSchema(many=True), headers=PAGE_HEADERS)
@from_standby
def flips(query: dict[str, Any], heartbeat_id: UUID) -> Response:
    """List the changes of a heartbeat's status

    Newest first: into and out of missed, failed and paused, at the time each was due.
    """
    limit, after = _take_history_page(query)
    found, position = heartbeat_queries.flips(
        principal().organization_id, heartbeat_id, limit=limit, after=after
    )
    return _history_page(found, position)


def _take_history_page(query: dict[str, Any]) -> tuple[int, HistoryPosition | None]:
    limit: int = query.pop("limit")
    cursor = read_cursor(query.pop("cursor", None))
    if cursor is None:
        return limit, None
    at, number = cursor
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise invalid({"cursor": ["Not one that this list gave."]})
    return limit, (at, int(number))


def _history_page(found: list[Any], position: HistoryPosition | None) -> Response:
    return page(found, write_cursor(position[0], str(position[1])) if position else None)
