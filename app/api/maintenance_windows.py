"""/maintenance-windows: planned silence."""

from typing import Any
from uuid import UUID

from app.api.crud import Operations, Resource, add_routes
from app.api.http import Blueprint
from app.operations.maintenance import windows as maintenance_windows
from app.schemas.maintenance_windows import (
    MaintenanceWindowChangeSchema,
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

add_routes(
    bp,
    Resource(
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
            "that outlasts it fires at its end.",
            "change": "Changes the given fields and leaves the others. Other times make a window "
            "that was ended by hand come again.",
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
    return maintenance_windows.end(caller().organization_id, window_id)
