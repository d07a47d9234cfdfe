"""/services/types, /summary and /beats: what pages with many services are made of."""

from typing import Any

from app.api.http import Blueprint
from app.api.standby_reads import from_standby
from app.checks import CHECK_TYPES
from app.operations.services import beats as service_beats
from app.operations.services import summary as service_summary
from app.operations.services import wall as service_wall
from app.schemas.json_schemas import json_schema
from app.schemas.service_lists import (
    BeatsQuerySchema,
    BeatsSchema,
    CheckTypeSchema,
    ServiceSummarySchema,
    SummaryFilterSchema,
    WallSchema,
)
from app.security.access import budget, principal, requires

bp = Blueprint(
    "service_lists", __name__, url_prefix="/services", description="Many services at a glance."
)


@bp.get("/types")
@requires("services:read")
@bp.returns(CheckTypeSchema(many=True))
def types() -> list[dict[str, Any]]:
    """List the check types

    Each with the JSON schema of its `config`, what it is called, and how its endpoint is written,
    in alphabetical order.
    """
    return [
        {
            "type": kind,
            "aliases": list(check_type.aliases),
            "label": check_type.label,
            "description": check_type.description,
            "endpoint_hint": check_type.endpoint_hint,
            "example": check_type.example,
            "default_port": check_type.default_port,
            "slow_threshold_ms": check_type.slow_after_ms,
            "config_schema": json_schema(check_type.config_schema),
        }
        for kind, check_type in CHECK_TYPES.items()
    ]


@bp.get("/summary")
@requires("services:read")
@bp.accepts(SummaryFilterSchema, location="query")
@bp.returns(ServiceSummarySchema)
@from_standby
def summary(query: dict[str, Any]) -> dict[str, Any]:
    """Count services

    Those that the filters of `GET /services` leave, by status, tag, check type and environment.
    """
    return service_summary.summary(principal().organization_id, query)


@bp.get("/beats")
@requires("services:read")
@bp.accepts(BeatsQuerySchema, location="query")
@bp.returns(BeatsSchema(many=True))
@from_standby
def beats(query: dict[str, Any]) -> list[dict[str, Any]]:
    """Read the latest results of many services

    In the order of `ids`; ids that name no service of the organization are left out. Results are
    looked for as far back as thirty days.
    """
    return service_beats.latest(principal().organization_id, query["ids"], query["n"])


@bp.get("/wall")
@requires("wall:read")
@bp.returns(WallSchema)
@budget("walls", 240)
def wall() -> dict[str, Any]:
    """Read the wall

    What a screen for everybody in the room shows: the state of every service, and how many alerts
    are open. No address, no configuration, no text of an error. It is all that an API key of the
    scope `wall` may read.
    """
    return service_wall.read(principal().organization_id)
