"""/services/…/corrections: what a stretch of a service's history really was."""

from typing import Any
from uuid import UUID

from app.api.crud import Operations, ResourceRoutes, add_routes
from app.api.http import Blueprint
from app.operations.metrics import correcting
from app.operations.resource import Parent
from app.schemas.corrections import (
    AcceptedCorrectionSchema,
    CorrectionInputSchema,
    CorrectionSchema,
)
from app.security.access import principal, requires

bp = Blueprint(
    "corrections",
    __name__,
    url_prefix="/services/<uuid:service_id>/corrections",
    description="What history really was.",
)


def _service(service_id: UUID) -> Parent:
    return Parent(principal().organization_id, service_id)


add_routes(
    bp,
    ResourceRoutes(
        noun="a correction",
        plural="the corrections of a service",
        permission="services",
        id_name="correction_id",
        answer=CorrectionSchema,
        owner=_service,
        operations=Operations(listed=correcting.listed),
        ordered="Newest first, with those that were taken back.",
    ),
)


@bp.post("")
@requires("corrections:write")
@bp.accepts(CorrectionInputSchema)
@bp.returns(AcceptedCorrectionSchema, 202)
def create(data: dict[str, Any], service_id: UUID) -> dict[str, Any]:
    """Correct history

    A false alarm was `up`, a real outage nobody saw `down`. Only seconds change, and with them
    uptime: results, counts, response times and alerts stay. At most 400 days back. Figures of
    hours that are rolled up follow within a minute.
    """
    return correcting.create(_service(service_id), principal().user_id, data)


@bp.delete("/<uuid:correction_id>")
@requires("corrections:write")
@bp.returns(None, 204)
def withdraw(service_id: UUID, correction_id: UUID) -> None:
    """Take a correction back

    It stays on the list, with who took it back and when.
    """
    correcting.withdraw(_service(service_id), correction_id, principal().user_id)
