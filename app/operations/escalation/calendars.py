"""Calendars of on-call duty at secret addresses: made, listed, ended, and looked up by their key.

The key stands for the person who made it: it ends with their membership.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.models.console import OnCallCalendar
from app.models.members import Membership, User
from app.models.organization import Organization
from app.operations.rows import columns, refused
from app.platform.bootstrap import runtime
from app.platform.crypto import digest, random_key
from app.platform.errors import InvalidCode, NotFound
from app.platform.transaction import transaction

MOST = 20


@dataclass(frozen=True, slots=True)
class Calendar:
    """Calendar feed of shifts: of one person, or of everybody."""

    organization_id: UUID
    organization: str
    user_id: UUID | None  # None: everybody
    name: str


def listed(organization_id: UUID, user_id: UUID) -> list[dict[str, Any]]:
    """Return a person's calendars, the newest first, without their addresses."""
    with transaction() as tx:
        rows = tx.session.scalars(
            select(OnCallCalendar)
            .where(
                OnCallCalendar.organization_id == organization_id,
                OnCallCalendar.user_id == user_id,
            )
            .order_by(OnCallCalendar.created_at.desc(), OnCallCalendar.id)
        )
        found = [_to_json(row) for row in rows]
    return found


def create(organization_id: UUID, user_id: UUID, scope: str) -> dict[str, Any]:
    """Make a calendar and return it with its address, which is shown this once.

    Raises Invalid for somebody who has 20 of them.
    """
    key = random_key()
    if len(listed(organization_id, user_id)) >= MOST:
        raise refused(
            "scope",
            InvalidCode.LIMIT_REACHED,
            f"You have {MOST} calendars already; delete one first.",
        )
    with transaction() as tx:
        row = OnCallCalendar(
            organization_id=organization_id, user_id=user_id, scope=scope, key_hash=digest(key)
        )
        tx.session.add(row)
        tx.session.flush()
        found = _to_json(row)
    return found | {"url": f"{runtime().config.base_url}/api/v1/on-call/calendars/{key}.ics"}


def delete(organization_id: UUID, user_id: UUID, calendar_id: UUID) -> None:
    """End a calendar of somebody's own. Raises NotFound."""
    with transaction() as tx:
        row = tx.session.scalar(
            select(OnCallCalendar)
            .where(
                OnCallCalendar.id == calendar_id,
                OnCallCalendar.organization_id == organization_id,
                OnCallCalendar.user_id == user_id,
            )
            .with_for_update(key_share=True)
        )
        if row is None:
            raise NotFound
        tx.session.delete(row)


def find(key: str) -> Calendar:
    """Return what the calendar of a key shows. Raises NotFound for any other key, and for one of
    somebody who is no member any more."""
    with transaction() as tx:
        row = tx.session.execute(
            select(OnCallCalendar, Organization.name, User.full_name)
            .join(Organization, Organization.id == OnCallCalendar.organization_id)
            .join(User, User.id == OnCallCalendar.user_id)
            .join(
                Membership,
                (Membership.user_id == OnCallCalendar.user_id)
                & (Membership.organization_id == OnCallCalendar.organization_id),
            )
            .where(OnCallCalendar.key_hash == digest(key))
        ).one_or_none()
        if row is None:
            raise NotFound
        calendar, organization, full_name = row
        mine = calendar.scope == "mine"
        found = Calendar(
            calendar.organization_id,
            organization,
            calendar.user_id if mine else None,
            f"On call: {full_name if mine else organization}",
        )
    return found


def _to_json(row: OnCallCalendar) -> dict[str, Any]:
    names = ("id", "organization_id", "scope", "created_at")
    return {name: value for name, value in columns(row).items() if name in names}
