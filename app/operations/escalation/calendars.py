"""Calendars of on-call duty at secret addresses: made, listed, ended, and looked up by their key.

The key stands for the person who made it: it ends with their membership.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from app.models.console import OnCallCalendar
from app.models.members import Membership, User
from app.models.organization import Organization
from app.operations.resource import Most, Resource
from app.operations.rows import refused
from app.platform.bootstrap import runtime
from app.platform.crypto import digest, random_key
from app.platform.errors import InvalidCode, NotFound
from app.platform.transaction import Transaction, transaction
from app.security.principals import Principal

MOST = 20
_FIELDS = ("id", "organization_id", "scope", "created_at")


@dataclass(frozen=True, slots=True)
class Calendar:
    """Calendar feed of shifts: of one person, or of everybody."""

    organization_id: UUID
    organization: str
    user_id: UUID | None  # None: everybody
    name: str


class _Calendars(Resource[OnCallCalendar, Principal]):
    """A person's own calendars; their addresses are shown once."""

    model = OnCallCalendar
    most = Most(10_000, "calendars")

    def organization_of(self, who: Principal) -> UUID:
        return who.organization_id

    def conditions(self, who: Principal, filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
        return [OnCallCalendar.user_id == who.user_id]

    def check_visible(self, who: Principal, row: OnCallCalendar) -> None:
        if row.user_id != who.user_id:
            raise NotFound

    def insert(
        self, tx: Transaction, who: Principal, data: Mapping[str, Any], **internal: Any
    ) -> dict[str, Any]:
        """Make a calendar and return it with its address.

        Raises Invalid for somebody who has 20 of them.
        """
        key = random_key()
        internal |= {"user_id": who.user_id, "key_hash": digest(key)}
        found = super().insert(tx, who, data, **internal)
        return found | {"url": f"{runtime().config.base_url}/api/v1/on-call/calendars/{key}.ics"}

    def new_columns(
        self, tx: Transaction, who: Principal, id: UUID, data: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        own = OnCallCalendar.organization_id == who.organization_id, *self.conditions(who, {})
        count = tx.session.scalar(select(func.count(OnCallCalendar.id)).where(*own))
        if (count or 0) >= MOST:
            raise refused(
                "scope",
                InvalidCode.LIMIT_REACHED,
                f"You have {MOST} calendars already; delete one first.",
            )
        return data

    def to_json(
        self, tx: Transaction, who: Principal, rows: Sequence[OnCallCalendar]
    ) -> list[dict[str, Any]]:
        return [{name: getattr(row, name) for name in _FIELDS} for row in rows]


_CALENDARS = _Calendars()
listed, create, delete = _CALENDARS.every, _CALENDARS.create, _CALENDARS.delete


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
        result = Calendar(
            calendar.organization_id,
            organization,
            calendar.user_id if mine else None,
            f"On call: {full_name if mine else organization}",
        )
    return result
