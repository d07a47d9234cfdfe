"""On-call shifts of a stored schedule, with its overrides and the people in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.domain.escalation import on_call, on_call_layers
from app.domain.escalation.on_call import OnCall
from app.models.escalation_policies import OnCallOverride, OnCallSchedule
from app.models.members import Membership, User
from app.operations import rows as owned_rows
from app.platform.transaction import Transaction, transaction


@dataclass(frozen=True, slots=True)
class StaffedSchedule:
    """A schedule, and those of its people who are members now."""

    schedule: on_call.OnCallSchedule
    people: Mapping[UUID, dict[str, Any]]


def load(
    organization_id: UUID, schedule_id: UUID, since: datetime, until: datetime
) -> StaffedSchedule:
    """Return a schedule with the overrides of a time. Raises NotFound."""
    with transaction() as tx:
        row = owned_rows.find(tx, OnCallSchedule, organization_id, schedule_id)
        result = read_staffed(tx, organization_id, row, since, until)
    return result


def read_staffed(
    tx: Transaction, organization_id: UUID, row: OnCallSchedule, since: datetime, until: datetime
) -> StaffedSchedule:
    """Return a stored schedule with the overrides of a time, and its people."""
    schedule = _read(tx, row, since, until)
    return StaffedSchedule(schedule, _people(tx, organization_id, _users(schedule)))


def users_at(tx: Transaction, organization_id: UUID, schedule_id: UUID, at: datetime) -> list[UUID]:
    """Return who is on call, in the order in which they are asked; none without a schedule."""
    row = tx.session.scalar(
        select(OnCallSchedule).where(
            OnCallSchedule.id == schedule_id, OnCallSchedule.organization_id == organization_id
        )
    )
    if row is None:
        return []
    return [person.user_id for person in on_call.on_call_at(_read(tx, row, at, at), at)]


def _read(
    tx: Transaction, row: OnCallSchedule, since: datetime, until: datetime
) -> on_call.OnCallSchedule:
    rows = tx.session.scalars(
        select(OnCallOverride)
        .where(
            OnCallOverride.schedule_id == row.id,
            OnCallOverride.starts_at <= until,
            OnCallOverride.ends_at > since,
        )
        # Of several at once the decision made last counts.
        .order_by(OnCallOverride.created_at, OnCallOverride.id)
    ).all()
    layers = on_call_layers.parse(row.layers, row.created_at)
    members = _members(
        tx,
        row.organization_id,
        {o.user_id for o in rows}.union(*(layer.users for layer in layers)),
    )
    # Whoever is no member any more stands in nobody's way: rotations close up.
    return on_call.OnCallSchedule(
        row.timezone,
        tuple(
            replace(layer, users=tuple(user for user in layer.users if user in members))
            for layer in layers
        ),
        tuple(
            on_call.Override(o.user_id, o.starts_at, o.ends_at)
            for o in rows
            if o.user_id in members
        ),
    )


def _members(tx: Transaction, organization_id: UUID, user_ids: Iterable[UUID]) -> set[UUID]:
    return set(
        tx.session.scalars(
            select(Membership.user_id).where(
                Membership.organization_id == organization_id, Membership.user_id.in_(user_ids)
            )
        )
    )


def _users(schedule: on_call.OnCallSchedule) -> set[UUID]:
    standing_in = {override.user_id for override in schedule.overrides}
    return standing_in.union(*(layer.users for layer in schedule.layers))


def _people(
    tx: Transaction, organization_id: UUID, user_ids: Iterable[UUID]
) -> dict[UUID, dict[str, Any]]:
    rows = tx.session.execute(
        select(User.id, User.full_name, User.email)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.organization_id == organization_id, User.id.in_(user_ids))
    )
    return {
        row.id: {"user_id": row.id, "full_name": row.full_name, "email": row.email} for row in rows
    }


def people_at(staffed: StaffedSchedule, at: datetime) -> list[dict[str, Any]]:
    """Return who is on call at a moment, in the order in which they are asked."""
    return _shown(staffed, on_call.on_call_at(staffed.schedule, at))


def timeline(staffed: StaffedSchedule, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Return who is on call from one time to another, in stretches without a hole. Pure."""
    return [
        {
            "from": segment.starts_at,
            "to": segment.ends_at,
            "on_call": _shown(staffed, segment.on_call),
        }
        for segment in on_call.timeline(staffed.schedule, since, until)
    ]


def gaps(segments: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the stretches of a timeline in which nobody is on call, neighbours as one."""
    result: list[dict[str, Any]] = []
    for segment in segments:
        if segment["on_call"]:
            continue
        if result and result[-1]["to"] == segment["from"]:
            result[-1]["to"] = segment["to"]
        else:
            result.append({"from": segment["from"], "to": segment["to"]})
    return result


def _shown(staffed: StaffedSchedule, people: Iterable[OnCall]) -> list[dict[str, Any]]:
    return [
        {
            **staffed.people[person.user_id],
            "layer": person.layer,
            "is_override": person.is_override,
        }
        for person in people
    ]
