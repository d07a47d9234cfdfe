"""/services/…/check, /test, /checks, /outages: checks asked for, and what was seen."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response

from app.api import pagination
from app.api.http import PAGE_HEADERS, Blueprint, page, read_cursor, write_cursor
from app.api.polling import wait_for
from app.api.services import organization_for
from app.api.standby_reads import from_standby
from app.api.windows import window
from app.models.services import Service
from app.operations.services import history as service_history
from app.operations.services import one_off_checks
from app.operations.services import outages as service_outages
from app.schemas.check_history import (
    CheckResultSchema,
    ChecksQuerySchema,
    OutageSchema,
    OutagesQuerySchema,
    ProbeOutcomeSchema,
)
from app.schemas.services import ServiceInputSchema
from app.security.access import budget, find, requires

# Past the timeout of a check, what a worker may take to begin it and to record it.
_MARGIN_SECONDS = 5
_DAY = timedelta(days=1)

bp = Blueprint(
    "checks", __name__, url_prefix="/services", description="What was seen of a service."
)


@bp.post("/<uuid:service_id>/check")
@requires("services:check")
@bp.returns(CheckResultSchema)
@budget("checks asked for", 60)
def check_now(service_id: UUID) -> dict[str, Any]:
    """Check a service now

    Waits for the result, at most the service's timeout and five seconds. A paused service is 409;
    503 means that no worker answered.
    """
    service = find(Service, service_id)
    seconds = service.timeout_seconds + _MARGIN_SECONDS
    last = service_history.ask_for_check(service_id, service.regions)
    return wait_for(lambda: service_history.result_after(service_id, last), seconds)


@bp.post("/test")
@requires("services:write")
@bp.accepts(ServiceInputSchema)
@bp.returns(ProbeOutcomeSchema)
@budget("checks asked for", 60)
def test(data: dict[str, Any]) -> dict[str, Any]:
    """Probe an unsaved service

    The body is that of a new service. Nothing is stored.
    """
    request_id, timeout_seconds = one_off_checks.ask(organization_for(data), data)
    return wait_for(lambda: one_off_checks.outcome(request_id), timeout_seconds + _MARGIN_SECONDS)


@bp.get("/<uuid:service_id>/checks")
@requires("services:read")
@bp.accepts(ChecksQuerySchema, location="query")
@bp.returns(CheckResultSchema(many=True), headers=PAGE_HEADERS)
@from_standby
def checks(query: dict[str, Any], service_id: UUID) -> Response:
    """List the results of a service

    Newest first; the last hour unless `since` and `until` say otherwise.
    """
    find(Service, service_id)
    since, until = window(query, "since", "until", timedelta(hours=1))
    found, position = service_history.checks(
        service_id,
        since,
        until,
        status=query.get("status"),
        limit=query["limit"],
        after=read_cursor(query.get("cursor")),
    )
    return page(found, write_cursor(*position) if position else None)


@bp.get("/<uuid:service_id>/outages")
@requires("services:read")
@bp.accepts(OutagesQuerySchema, location="query")
@bp.returns(OutageSchema(many=True), headers=PAGE_HEADERS)
@from_standby
def outages(query: dict[str, Any], service_id: UUID) -> Response:
    """List the outages of a service

    Newest first, with the alerts that fired during each; those that reach into the last 30 days
    unless `from` and `to` say otherwise.
    """
    find(Service, service_id)
    limit, after = pagination.take_page(query)
    since, until = window(query, "from_", "to", 30 * _DAY)
    return pagination.response(
        *service_outages.outages(service_id, since, until, limit=limit, after=after)
    )
