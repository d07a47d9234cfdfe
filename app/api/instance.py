"""/instance: what operators of this server see and change."""

from typing import Any
from uuid import UUID

from flask import Response

from app.api import audit_logs, pagination
from app.api.http import PAGE_HEADERS, Blueprint
from app.operations.accounts import instance
from app.operations.self_monitoring import health
from app.platform.bootstrap import runtime
from app.schemas.audit_logs import AuditFilterSchema, AuditLogSchema
from app.schemas.health import HealthSchema
from app.schemas.instance import (
    InstanceChangeSchema,
    InstanceSchema,
    LimitsSchema,
    OrganizationFilterSchema,
    OrganizationLimitsSchema,
)
from app.security.access import operators_only

bp = Blueprint("instance", __name__, url_prefix="/instance", description="For operators.")


@bp.get("")
@operators_only
@bp.returns(InstanceSchema)
def read() -> dict[str, Any]:
    """Read the settings of this installation

    For operators: the first account, and whoever `flask --app wsgi operators add` named.
    """
    return instance.read(runtime().config.registration)


@bp.route("", methods=["PATCH", "PUT"])
@operators_only
@bp.accepts(InstanceChangeSchema)
@bp.returns(InstanceSchema)
def change(changes: dict[str, Any]) -> dict[str, Any]:
    """Change the settings of this installation

    They count at once. Organizations that have their plan's own number of services follow when that
    number changes.
    """
    return instance.change(changes, runtime().config.registration)


@bp.get("/health")
@operators_only
@bp.returns(HealthSchema)
def read_health() -> dict[str, Any]:
    """Read how this installation itself is

    When each kind of its work was last done, what of it is late by the bounds of `/ready`, and when
    it was blind: no ping could be stored, or no host answered any check. The ages are in
    `/ready` as well, where an HTTP check with assertions reads them: so rules of one's own alert.
    """
    return health.read()


@bp.get("/organizations")
@operators_only
@bp.accepts(OrganizationFilterSchema, location="query")
@bp.returns(OrganizationLimitsSchema(many=True), headers=PAGE_HEADERS)
def organizations(query: dict[str, Any]) -> Response:
    """List all organizations

    Newest first.
    """
    limit, after = pagination.take_page(query)
    return pagination.response(*instance.organizations(query, limit=limit, after=after))


@bp.patch("/organizations/<uuid:organization_id>")
@operators_only
@bp.accepts(LimitsSchema)
@bp.returns(OrganizationLimitsSchema)
def change_organization(changes: dict[str, Any], organization_id: UUID) -> dict[str, Any]:
    """Change the plan of an organization

    A new plan brings its own number of services, unless one is given.
    """
    return instance.change_organization(organization_id, changes)


@bp.get("/audit-logs")
@operators_only
@bp.accepts(AuditFilterSchema, location="query")
@bp.returns(AuditLogSchema(many=True), headers=PAGE_HEADERS)
@bp.doc(responses={200: audit_logs.CSV})  # type: ignore[untyped-decorator]
def audit_log(query: dict[str, Any]) -> Response:
    """Read what belongs to no organization

    What operators did with queues and jobs, and what was done from the command line.
    """
    return audit_logs.show(None, query)
