"""/maintenance-windows: planned silence."""

from typing import Any
from uuid import UUID

from flask import Response

from app.api import pagination
from app.api.http import PAGE_HEADERS, Blueprint
from app.operations.maintenance import windows as maintenance_windows
from app.schemas.maintenance_windows import (
    MaintenanceWindowChangeSchema,
    MaintenanceWindowFilterSchema,
    MaintenanceWindowInputSchema,
    MaintenanceWindowReplacementSchema,
    MaintenanceWindowSchema,
)
from app.security.access import caller, requires

bp = Blueprint(
    "maintenance_windows",
    __name__,
    url_prefix="/maintenance-windows",
    description="Planned silence.",
)


@bp.get("")
@requires("maintenance_windows:read")
@bp.accepts(MaintenanceWindowFilterSchema, location="query")
@bp.returns(MaintenanceWindowSchema(many=True), headers=PAGE_HEADERS)
def index(query: dict[str, Any]) -> Response:
    """List maintenance windows

    Newest first.
    """
    limit, after = pagination.take_page(query)
    return pagination.answer(
        *maintenance_windows.listed(caller().organization_id, limit=limit, after=after)
    )


@bp.post("")
@requires("maintenance_windows:write")
@bp.accepts(MaintenanceWindowInputSchema)
@bp.returns(MaintenanceWindowSchema, 201)
def create(given: dict[str, Any]) -> dict[str, Any]:
    """Create a maintenance window

    From `starts_at` to `ends_at`; or, with `recurrence`, again and again in local wall time, which
    holds across daylight saving. While it is active checks go on, no alert fires, nothing is sent,
    and the time stays out of uptime. An outage that outlasts it fires at its end.
    """
    return maintenance_windows.create(caller().organization_id, given)


@bp.get("/<uuid:window_id>")
@requires("maintenance_windows:read")
@bp.returns(MaintenanceWindowSchema)
def read(window_id: UUID) -> dict[str, Any]:
    """Read a maintenance window"""
    return maintenance_windows.read(caller().organization_id, window_id)


@bp.patch("/<uuid:window_id>")
@requires("maintenance_windows:write")
@bp.accepts(MaintenanceWindowChangeSchema(partial=True))
@bp.returns(MaintenanceWindowSchema)
def change(given: dict[str, Any], window_id: UUID) -> dict[str, Any]:
    """Change a maintenance window

    Changes the given fields and leaves the others. Other times make a window that was ended by hand
    come again.
    """
    return maintenance_windows.change(caller().organization_id, window_id, given)


@bp.put("/<uuid:window_id>")
@requires("maintenance_windows:write")
@bp.accepts(MaintenanceWindowReplacementSchema(partial=True))
@bp.returns(MaintenanceWindowSchema)
def replace(given: dict[str, Any], window_id: UUID) -> dict[str, Any]:
    """Change a maintenance window that was read before

    The same as PATCH; fields that only the server sets may be sent along and are ignored.
    """
    return maintenance_windows.change(caller().organization_id, window_id, given)


@bp.post("/<uuid:window_id>/end")
@requires("maintenance_windows:write")
@bp.returns(MaintenanceWindowSchema)
def end(window_id: UUID) -> dict[str, Any]:
    """End a maintenance window

    Ends what goes on now. A window that comes once is over with it, also when it has not begun yet;
    a recurring one comes again, and is 409 while it is not active. Ending twice changes nothing.
    """
    return maintenance_windows.end(caller().organization_id, window_id)


@bp.delete("/<uuid:window_id>")
@requires("maintenance_windows:write")
@bp.returns(None, 204)
def delete(window_id: UUID) -> None:
    """Delete a maintenance window

    One that is active ends with it.
    """
    maintenance_windows.delete(caller().organization_id, window_id)
