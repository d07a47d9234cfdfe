"""/metrics: figures of the organization."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response

from app.api.http import PAGE_HEADERS, Blueprint, invalid, page, read_cursor, write_cursor
from app.api.standby_reads import from_standby
from app.api.windows import window
from app.operations.metrics import organization
from app.platform.clock import utcnow
from app.schemas.organization_metrics import (
    OrganizationFiguresSchema,
    OrganizationWindowSchema,
    ServiceFiguresSchema,
    ServicesWindowSchema,
)
from app.security.access import budget, principal, requires

_WIDTH = timedelta(days=1)
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # the list is ordered by name

bp = Blueprint(
    "metrics", __name__, url_prefix="/metrics", description="Figures of the organization."
)


@bp.get("")
@requires("services:read")
@bp.accepts(OrganizationWindowSchema, location="query")
@bp.returns(OrganizationFiguresSchema)
@budget("figures", 60)
@from_standby
def overview(query: dict[str, Any]) -> dict[str, Any]:
    """Read the figures of the organization

    The last 24 hours unless `from` and `to` say otherwise. Uptime is the sum of up over the sum of
    up and down: a service that was watched for longer weighs more.
    """
    since, until = _past(query)
    return organization.overview(principal().organization_id, since, until, query.get("tag"))


@bp.get("/services")
@requires("services:read")
@bp.accepts(ServicesWindowSchema, location="query")
@bp.returns(ServiceFiguresSchema(many=True), headers=PAGE_HEADERS)
@budget("figures", 60)
@from_standby
def services(query: dict[str, Any]) -> Response:
    """Read the figures of each service

    By name; the last 24 hours unless `from` and `to` say otherwise.
    """
    since, until = _past(query)
    found, position = organization.by_service(
        principal().organization_id,
        since,
        until,
        query.get("tag"),
        limit=query["limit"],
        after=_position(query.get("cursor")),
    )
    return page(found, position and write_cursor(_NO_TIME, _key(*position)))


def _key(name: str, id: UUID) -> str:
    return f"{base64.urlsafe_b64encode(name.encode()).decode().rstrip('=')}.{id}"


def _position(cursor: str | None) -> tuple[str, UUID] | None:
    """Return the name and the id that a cursor stands for. Raises Invalid for a wrong one."""
    found = read_cursor(cursor)
    if found is None:
        return None
    name, _, id = found[1].partition(".")
    try:
        return base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode(), UUID(id)
    except ValueError:
        raise invalid({"cursor": ["Not one that this list gave."]}) from None


def _past(query: dict[str, Any]) -> tuple[datetime, datetime]:
    since, until = window(query, "from_", "to", _WIDTH)
    now = utcnow()
    return since, min(until, now) if since < now else until
