"""/maintenance-windows: planned silence."""

from typing import Any
from uuid import UUID

from app.api.crud import Operations, ResourceRoutes, add_routes
from app.api.optional_bodies import LenientBlueprint
from app.operations.maintenance import windows as maintenance_windows
from app.schemas.maintenance_windows import (
    MaintenanceNowSchema,
    MaintenanceWindowChangeSchema,
    MaintenanceWindowInputSchema,
    MaintenanceWindowReplacementSchema,
    MaintenanceWindowSchema,
    SkipSchema,
)
from app.security.access import principal, requires

bp = LenientBlueprint(
    "maintenance_windows",
    __name__,
    url_prefix="/maintenance-windows",
    description="Planned silence.",
)

add_routes(
    bp,
    ResourceRoutes(
        noun="a maintenance window",
        plural="maintenance windows",
        permission="maintenance_windows",
        id_name="window_id",
        answer=MaintenanceWindowSchema,
        body=MaintenanceWindowInputSchema,
        change=MaintenanceWindowChangeSchema(partial=True),
        replacement=MaintenanceWindowReplacementSchema(partial=True),
        operations=Operations.of(maintenance_windows),
        notes={
            "create": "From `starts_at` to `ends_at`; or, with `recurrence`, again and again in "
            "local wall time, which holds across daylight saving. While it is active checks go "
            "on, no alert fires, nothing is sent, and the time stays out of uptime. An outage "
            "that outlasts it fires at its end. One that lies in the past is 422.",
            "change": "Changes the given fields and leaves the others. A window that was ended by "
            "hand and would be active with its new times is 409 unless `reopen` is true.",
            "delete": "One that is active ends with it.",
        },
    ),
)


@bp.post("/<uuid:window_id>/end")
@requires("maintenance_windows:write")
@bp.returns(MaintenanceWindowSchema)
def end(window_id: UUID) -> dict[str, Any]:
    """End a maintenance window

    Ends what goes on now. A window that comes once is over with it, also when it has not begun yet;
    a recurring one comes again, and is 409 while it is not active. Ending twice changes nothing.
    """
    return maintenance_windows.end(principal().organization_id, window_id)


@bp.post("/<uuid:window_id>/skip")
@requires("maintenance_windows:write")
@bp.accepts(SkipSchema, required=False)
@bp.returns(MaintenanceWindowSchema)
def skip(data: dict[str, Any], window_id: UUID) -> dict[str, Any]:
    """Skip an occurrence of a maintenance window

    The next one, or the one that begins at `starts_at`. It stands in `exdates` then, and comes
    again once it is taken out. A window that comes once is 409. The body may be left out.
    """
    return maintenance_windows.skip(principal().organization_id, window_id, data.get("starts_at"))


@bp.post("/now")
@requires("maintenance_windows:write")
@bp.accepts(MaintenanceNowSchema)
@bp.returns(MaintenanceWindowSchema, 201)
def create_now(data: dict[str, Any]) -> dict[str, Any]:
    """Begin maintenance now

    For so many minutes, of the services, heartbeats or tags that are named. End it early with
    `POST /maintenance-windows/{id}/end`.
    """
    fields = dict(data)
    minutes = fields.pop("minutes")
    return maintenance_windows.create_now(principal().organization_id, fields, minutes)
