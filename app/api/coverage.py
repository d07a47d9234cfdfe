"""/coverage: what nobody would hear of if it failed now."""

from typing import Any

from app.api.http import Blueprint
from app.operations.alerts import coverage
from app.schemas.coverage import CoverageSchema
from app.security.access import budget, principal, requires

bp = Blueprint(
    "coverage", __name__, url_prefix="/coverage", description="Whether somebody would hear of it."
)


@bp.get("")
@requires("coverage:read")
@bp.returns(CoverageSchema)
@budget("coverage", 120)
def read() -> dict[str, Any]:
    """Read the coverage

    Whether somebody would hear of an outage of each active service and heartbeat at this moment:
    rules that watch it, enabled channels that take the alert, people that an escalation reaches.
    `gaps` says of the others why not; quiet hours are no gap, because they only delay.
    """
    return coverage.coverage(principal().organization_id)
