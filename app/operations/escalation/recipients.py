"""Recipients that a line of an escalation policy means now: channels, or contacts of people."""

import json
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.domain.escalation.levels import NotifyType
from app.models.escalation_policies import OnCallSchedule
from app.models.members import Membership, User
from app.models.notification_channels import Notification, NotificationChannel
from app.models.teams import Team, TeamMember
from app.operations.escalation import on_call as on_call_people
from app.operations.notifications.enqueue import Recipient, channels_for
from app.platform.transaction import Transaction

_KEY_DIGITS = 16
_BY_PLACE = re.compile(r"(user:[^:]+):[0-9]{1,2}")
_MODELS: dict[str, Any] = {
    NotifyType.TEAM: Team,
    NotifyType.CHANNEL: NotificationChannel,
    NotifyType.SCHEDULE: OnCallSchedule,
}


def recipients(
    tx: Transaction,
    organization_id: UUID,
    notify_type: str,
    notify_id: UUID,
    event: str,
    severity: str,
    now: datetime,
) -> list[Recipient]:
    """Return who is to be notified of an event; empty when the line reaches nobody now."""
    if notify_type == NotifyType.CHANNEL:
        return channels_for(tx, organization_id, event, severity, now, ids=(notify_id,))
    people = _people(tx, organization_id, notify_type, notify_id, now)
    return [recipient for user in people for recipient in contacts(user, now)]


def names(
    tx: Transaction, organization_id: UUID, notify_type: str, notify_id: UUID, at: datetime
) -> list[str]:
    """Return the names of those a line means at a moment; of channels, while they are enabled."""
    if notify_type == NotifyType.CHANNEL:
        name = tx.session.scalar(
            select(NotificationChannel.name).where(
                NotificationChannel.id == notify_id,
                NotificationChannel.organization_id == organization_id,
                NotificationChannel.is_enabled,
            )
        )
        return [] if name is None else [name]
    return [user.full_name for user in _people(tx, organization_id, notify_type, notify_id, at)]


def name_of(tx: Transaction, notify_type: str, notify_id: UUID) -> str:
    """Return the name of a line's target, "(deleted)" when it is gone."""
    if notify_type == NotifyType.USER:
        user = tx.session.get(User, notify_id)
        return user.full_name if user else "(deleted)"
    row = tx.session.get(_MODELS[notify_type], notify_id)
    return str(row.name) if row else "(deleted)"


def _people(
    tx: Transaction, organization_id: UUID, notify_type: str, notify_id: UUID, at: datetime
) -> list[User]:
    """Return the people behind a line who are members of the organization now."""
    if notify_type == NotifyType.USER:
        ids: Iterable[UUID] = [notify_id]
    elif notify_type == NotifyType.TEAM:
        ids = tx.session.scalars(
            select(TeamMember.user_id)
            .join(Team, Team.id == TeamMember.team_id)
            .where(Team.id == notify_id, Team.organization_id == organization_id)
        ).all()
    else:
        ids = on_call_people.users_at(tx, organization_id, notify_id, at)
    wanted = list(ids)
    found = {
        user.id: user
        for user in tx.session.scalars(
            select(User)
            .join(Membership, Membership.user_id == User.id)
            .where(Membership.organization_id == organization_id, User.id.in_(wanted))
        )
    }
    return [found[user_id] for user_id in dict.fromkeys(wanted) if user_id in found]


def contacts(user: User, now: datetime) -> list[Recipient]:
    """Return a person's contact methods; their e-mail address when they named none.

    The key of each is made of what it leads to: one that is edited is another recipient.
    """
    methods = user.contact_methods or [{"type": "email", "config": {"to": [user.email]}}]
    found: dict[str, Recipient] = {}
    for method in methods:
        contact = {"type": method["type"], "config": method["config"]}
        key = _key(f"user:{user.id}", contact)
        # The same once more, such as a second call after a while, is a recipient of its own.
        while key in found:
            key += "+"
        delay = timedelta(minutes=method.get("delay_minutes") or 0)
        found[key] = Recipient(key, contact=contact, not_before=now + delay)
    return list(found.values())


def key_of(row: Notification) -> str:
    """Return the key of a message's recipient as `contacts` has it.

    Earlier versions named contacts by their place; alerts from before an upgrade may be open.
    """
    named = _BY_PLACE.fullmatch(row.recipient_key)
    if named is None or row.contact is None:
        return row.recipient_key
    return _key(named[1], row.contact)


def _key(person: str, contact: dict[str, Any]) -> str:
    digest = sha256(json.dumps(contact, sort_keys=True).encode()).hexdigest()[:_KEY_DIGITS]
    return f"{person}:{digest}"
