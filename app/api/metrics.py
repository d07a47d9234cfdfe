"""/metrics: figures of the organization."""

from datetime import datetime, timedelta
from typing import Any

from app.api.http import Blueprint
from app.api.windows import window
from app.operations.metrics import organization
from app.platform.clock import utcnow
from app.schemas.organization_metrics import (
    OrganizationFiguresSchema,
    OrganizationWindowSchema,
    ServiceFiguresSchema,
)
from app.security.access import budget, principal, requires

_WIDTH = timedelta(days=1)

bp = Blueprint(
    "metrics", __name__, url_prefix="/metrics", description="Figures of the organization."
)


@bp.get("")
@requires("services:read")
@bp.accepts(OrganizationWindowSchema, location="query")
@bp.returns(OrganizationFiguresSchema)
@budget("figures", 60)
def overview(query: dict[str, Any]) -> dict[str, Any]:
    """Read the figures of the organization

    The last 24 hours unless `from` and `to` say otherwise. Uptime is the sum of up over the sum of
    up and down: a service that was watched for longer weighs more.
    """
    since, until = _past(query)
    return organization.overview(principal().organization_id, since, until, query.get("tag"))


@bp.get("/services")
@requires("services:read")
@bp.accepts(OrganizationWindowSchema, location="query")
@bp.returns(ServiceFiguresSchema(many=True))
@budget("figures", 60)
def services(query: dict[str, Any]) -> list[dict[str, Any]]:
    """Read the figures of each service

    By name; the last 24 hours unless `from` and `to` say otherwise.
    """
    since, until = _past(query)
    return organization.by_service(principal().organization_id, since, until, query.get("tag"))


def _past(query: dict[str, Any]) -> tuple[datetime, datetime]:
    since, until = window(query, "from_", "to", _WIDTH)
    now = utcnow()
    return since, min(until, now) if since < now else until
