"""/services/{id}/evidence: what was seen when a check failed."""

from typing import Any
from uuid import UUID

from app.api.http import Blueprint
from app.models.services import Service
from app.operations.checks import failure_details
from app.schemas.evidence import EvidenceQuerySchema, EvidenceSchema
from app.security.access import find, requires

bp = Blueprint(
    "evidence", __name__, url_prefix="/services", description="What was seen of a failure."
)


@bp.get("/<uuid:service_id>/evidence")
@requires("services:read")
@bp.accepts(EvidenceQuerySchema, location="query")
@bp.returns(EvidenceSchema)
def read(query: dict[str, Any], service_id: UUID) -> dict[str, Any]:
    """Read the evidence of a failed check

    Kept for the last twenty failures of a service, each as it began: a check that continued one has
    the evidence of its first.
    """
    return failure_details.read(find(Service, service_id).id, query.get("check_id"))
