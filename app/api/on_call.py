"""/on-call: who is on call in every schedule, and calendars of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response
from icalendar import Calendar, Event

from app import __version__
from app.api.http import Blueprint
from app.operations.escalation import calendars, on_call_overview
from app.platform.clock import utcnow
from app.platform.cooperative import offload
from app.schemas.on_call import (
    CalendarInputSchema,
    CalendarSchema,
    MadeCalendarSchema,
    OnCallOverviewSchema,
    OverviewQuerySchema,
)
from app.security.access import budget, principal, public, requires, spend

bp = Blueprint("on_call", __name__, url_prefix="/on-call", description="Who is on call.")
# A calendar shows what is past for a month and what is planned for two.
_PAST, _AHEAD = timedelta(days=30), timedelta(days=60)


@bp.get("")
@requires("on_call_schedules:read")
@bp.accepts(OverviewQuerySchema, location="query")
@bp.returns(OnCallOverviewSchema)
@budget("plans of duty", 240)
def read(query: dict[str, Any]) -> dict[str, Any]:
    """Read who is on call everywhere

    Every schedule by name: who is on call, until when, who is next, and the gaps of the next 14
    days, or of as many as `days` says; and the caller's own shifts.
    """
    who, now = principal(), utcnow()
    until = now + timedelta(days=query["days"])
    schedules = on_call_overview.load_all(who.organization_id, now, until)
    return {
        "at": now,
        "schedules": offload(on_call_overview.overview, schedules, now, until),
        "own_shifts": offload(on_call_overview.shifts, schedules, now, until, who.user_id),
    }


@bp.get("/calendars")
@requires("on_call_calendars:read")
@bp.returns(CalendarSchema(many=True))
def list_calendars() -> list[dict[str, Any]]:
    """List the caller's calendars

    The newest first, without their addresses.
    """
    return calendars.listed(principal())


@bp.post("/calendars")
@requires("on_call_calendars:write")
@bp.accepts(CalendarInputSchema)
@bp.returns(MadeCalendarSchema, 201)
def create_calendar(data: dict[str, Any]) -> dict[str, Any]:
    """Make a calendar of on-call duty

    For programs that subscribe to calendars (iCalendar, RFC 5545). Its address is secret: it is
    shown this once, and ends with the calendar or with the caller's membership.
    """
    return calendars.create(principal(), data)


@bp.delete("/calendars/<uuid:calendar_id>")
@requires("on_call_calendars:write")
@bp.returns(None, 204)
def delete_calendar(calendar_id: UUID) -> None:
    """Delete a calendar

    Its address ends at once.
    """
    calendars.delete(principal(), calendar_id)


@bp.get("/calendars/<key>.ics")
@public
@bp.returns({"type": "string"}, content_type="text/calendar", description="A calendar.")
@budget("calendars", 120)
def show_calendar(key: str) -> Response:
    """Subscribe to a calendar

    The shifts of the last 30 and of the next 60 days, as iCalendar (RFC 5545).
    """
    found = calendars.find(key)
    spend(found.organization_id)
    since, until = utcnow() - _PAST, utcnow() + _AHEAD
    schedules = on_call_overview.load_all(found.organization_id, since, until)
    shifts = offload(on_call_overview.shifts, schedules, since, until, found.user_id)
    return Response(_ical(found, shifts), content_type="text/calendar; charset=utf-8")


def _ical(found: calendars.Calendar, shifts: list[dict[str, Any]]) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", f"-//AlertifyPro//{__version__}//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", found.name)
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"value": "DURATION"})
    for shift in shifts:
        event = Event()
        # The same shift keeps its name from one reading to the next.
        event.add(
            "uid",
            f"{shift['schedule_id']}-{shift['user_id']}-{shift['from']:%Y%m%dT%H%M%SZ}"
            f"-{shift['layer'] or 'override'}@alertifypro",
        )
        event.add("dtstamp", utcnow())
        event.add("dtstart", shift["from"])
        event.add("dtend", shift["to"])
        event.add("summary", f"On call: {shift['full_name']} ({shift['schedule']})")
        stands_in = "standing in" if shift["is_override"] else (shift["layer"] or "")
        event.add("description", f"{found.organization}, {stands_in}")
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return bytes(calendar.to_ical())
