"""/on-call-schedules: who is on call when."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response

from app.api import pagination
from app.api.crud import Operations, ResourceRoutes, add_routes
from app.api.http import PAGE_HEADERS, Blueprint, invalid
from app.operations.escalation import on_call as on_call_people
from app.operations.escalation import on_call_schedules
from app.platform.clock import utcnow
from app.platform.cooperative import offload
from app.platform.errors import Fault, InvalidCode
from app.schemas.base import PageSchema
from app.schemas.on_call_schedules import (
    MAX_TIMELINE_DAYS,
    AtSchema,
    ForecastQuerySchema,
    ForecastSchema,
    OnCallScheduleChangeSchema,
    OnCallScheduleInputSchema,
    OnCallScheduleReplacementSchema,
    OnCallScheduleSchema,
    OnCallSchema,
    OverrideInputSchema,
    OverrideSchema,
    TimelineQuerySchema,
    TimelineSchema,
)
from app.security.access import budget, principal, requires

bp = Blueprint(
    "on_call_schedules",
    __name__,
    url_prefix="/on-call-schedules",
    description="Who is on call when.",
)

add_routes(
    bp,
    ResourceRoutes(
        noun="an on-call schedule",
        plural="on-call schedules",
        permission="on_call_schedules",
        id_name="schedule_id",
        answer=OnCallScheduleSchema,
        body=OnCallScheduleInputSchema,
        change=OnCallScheduleChangeSchema(partial=True),
        replacement=OnCallScheduleReplacementSchema(partial=True),
        operations=Operations.of(on_call_schedules),
        notes={
            "create": "Hand-offs stand in local wall time of `timezone`. The first layer is "
            "asked first, the others are its backup.",
            "change": "Changes the given fields and leaves the others; `layers` are replaced as "
            "a whole.",
            "delete": "Not while an escalation policy names it (409 says which).",
        },
    ),
)

_SHOWN = timedelta(days=14)


@bp.get("/<uuid:schedule_id>/overrides")
@requires("on_call_schedules:read")
@bp.accepts(PageSchema, location="query")
@bp.returns(OverrideSchema(many=True), headers=PAGE_HEADERS)
def overrides(query: dict[str, Any], schedule_id: UUID) -> Response:
    """List the overrides of a schedule

    The latest first.
    """
    limit, after = pagination.take_page(query)
    return pagination.response(
        *on_call_schedules.overrides(
            principal().organization_id, schedule_id, limit=limit, after=after
        )
    )


@bp.post("/<uuid:schedule_id>/overrides")
@requires("on_call_schedules:write")
@bp.accepts(OverrideInputSchema)
@bp.returns(OverrideSchema, 201)
def add_override(data: dict[str, Any], schedule_id: UUID) -> dict[str, Any]:
    """Let somebody stand in

    A member takes the first place from `from` up to `to`. Of several overrides at once, the one
    that began last counts.
    """
    return on_call_schedules.add_override(
        principal().organization_id, schedule_id, data["user_id"], data["from_"], data["to"]
    )


@bp.delete("/<uuid:schedule_id>/overrides/<uuid:override_id>")
@requires("on_call_schedules:write")
@bp.returns(None, 204)
def delete_override(schedule_id: UUID, override_id: UUID) -> None:
    """Delete an override

    Who is on call by turn is so again at once.
    """
    on_call_schedules.delete_override(principal().organization_id, schedule_id, override_id)


@bp.get("/<uuid:schedule_id>/on-call")
@requires("on_call_schedules:read")
@bp.accepts(AtSchema, location="query")
@bp.returns(OnCallSchema)
def on_call(query: dict[str, Any], schedule_id: UUID) -> dict[str, Any]:
    """Read who is on call

    One person for each layer that has somebody, in the order in which they are asked; empty in a
    gap.
    """
    at = query.get("at") or utcnow()
    staffed = on_call_people.load(principal().organization_id, schedule_id, at, at)
    return {"at": at, "on_call": on_call_people.people_at(staffed, at)}


@bp.get("/<uuid:schedule_id>/timeline")
@requires("on_call_schedules:read")
@bp.accepts(TimelineQuerySchema, location="query")
@bp.returns(TimelineSchema)
@budget("plans of duty", 240)
def timeline(query: dict[str, Any], schedule_id: UUID) -> dict[str, Any]:
    """Read who is on call when

    In stretches without a hole, with the gaps apart; the next 14 days unless `from` and `to` say
    otherwise, at most 100 days.
    """
    since = query.get("from_") or utcnow()
    until = query.get("to") or since + _SHOWN
    if not since < until <= since + timedelta(days=MAX_TIMELINE_DAYS):
        sentence = f"Must lie after from, by at most {MAX_TIMELINE_DAYS} days."
        raise invalid({"to": [Fault(InvalidCode.WRONG_TIME, sentence)]})
    return _timeline(schedule_id, since, until)


@bp.get("/<uuid:schedule_id>/gaps")
@requires("on_call_schedules:read")
@bp.accepts(ForecastQuerySchema, location="query")
@bp.returns(ForecastSchema)
@budget("plans of duty", 240)
def gaps(query: dict[str, Any], schedule_id: UUID) -> dict[str, Any]:
    """Forecast the gaps of a schedule

    When nobody will be on call in the next 90 days, or in as many as `days` says.
    """
    now = utcnow()
    result = _timeline(schedule_id, now, now + timedelta(days=query["days"]))
    del result["segments"]
    return result


def _timeline(schedule_id: UUID, since: datetime, until: datetime) -> dict[str, Any]:
    staffed = on_call_people.load(principal().organization_id, schedule_id, since, until)
    segments = offload(on_call_people.timeline, staffed, since, until)
    return {"from": since, "to": until, "segments": segments, "gaps": on_call_people.gaps(segments)}
