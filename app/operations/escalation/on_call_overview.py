"""On-call duty of a whole organization: who is on call now, who is next, and where gaps are."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.models.escalation_policies import OnCallSchedule
from app.operations.escalation import on_call
from app.operations.escalation.on_call import StaffedSchedule
from app.platform.transaction import transaction

MOST_SCHEDULES = 200


def load_all(
    organization_id: UUID, since: datetime, until: datetime
) -> list[tuple[UUID, str, StaffedSchedule]]:
    """Return the id, the name and the people of every schedule, by name; 200 at most."""
    with transaction() as tx:
        rows = tx.session.scalars(
            select(OnCallSchedule)
            .where(OnCallSchedule.organization_id == organization_id)
            .order_by(OnCallSchedule.name, OnCallSchedule.id)
            .limit(MOST_SCHEDULES)
        ).all()
        result = [
            (row.id, row.name, on_call.read_staffed(tx, organization_id, row, since, until))
            for row in rows
        ]
    return result


def overview(
    schedules: list[tuple[UUID, str, StaffedSchedule]], since: datetime, until: datetime
) -> list[dict[str, Any]]:
    """Return of each schedule who is on call from `since` on and until when, who comes next, and
    the gaps up to `until`. Pure."""
    result = []
    for schedule_id, name, staffed in schedules:
        stretches = _stretches(on_call.timeline(staffed, since, until))
        following = stretches[1] if len(stretches) > 1 else None
        result.append(
            {
                "schedule_id": schedule_id,
                "name": name,
                "timezone": staffed.schedule.timezone,
                "on_call": stretches[0]["on_call"],
                "until": stretches[0]["to"] if following else None,
                "next": following,
                "gaps": on_call.gaps(stretches),
            }
        )
    return result


def shifts(
    schedules: list[tuple[UUID, str, StaffedSchedule]],
    since: datetime,
    until: datetime,
    user_id: UUID | None,
) -> list[dict[str, Any]]:
    """Return the shifts of everybody, or of one person: neighbouring stretches of the same person
    in the same layer of a schedule are one. Pure."""
    found: list[dict[str, Any]] = []
    for schedule_id, name, staffed in schedules:
        open_shifts: dict[tuple[Any, ...], dict[str, Any]] = {}
        for segment in on_call.timeline(staffed, since, until):
            for person in segment["on_call"]:
                if user_id is not None and person["user_id"] != user_id:
                    continue
                key = (person["user_id"], person["layer"], person["is_override"])
                shift = open_shifts.get(key)
                if shift is not None and shift["to"] == segment["from"]:
                    shift["to"] = segment["to"]
                    continue
                shift = {
                    "schedule_id": schedule_id,
                    "schedule": name,
                    "from": segment["from"],
                    "to": segment["to"],
                    **person,
                }
                open_shifts[key] = shift
                found.append(shift)
    return sorted(found, key=lambda shift: (shift["from"], shift["schedule"]))


def _stretches(segments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return segments with neighbours of the same people put together."""
    result: list[dict[str, Any]] = []
    for segment in segments:
        if result and result[-1]["on_call"] == segment["on_call"]:
            result[-1] = result[-1] | {"to": segment["to"]}
        else:
            result.append(segment)
    return result
