"""Operators' addresses, for when an alert cannot be stored or sent the usual way."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.models.members import Membership, User
from app.models.notification_channels import NotificationChannel
from app.models.organization import Organization
from app.operations.secrets import values
from app.platform.bootstrap import runtime
from app.platform.transaction import transaction
from app.security.sealing import reveal


@dataclass(frozen=True, slots=True)
class OperatorAddress:
    """One way to an operator: a channel type and its config in clear."""

    organization_id: UUID
    organization_name: str
    channel_type: str
    config: dict[str, Any]


def recipients() -> list[OperatorAddress]:
    """Return every enabled channel of organizations that operators own, and their own addresses.

    It only reads.
    """
    vault, has_mail = runtime().vault, bool(runtime().config.smtp_url)
    with transaction() as tx:
        owned = tx.session.execute(
            select(Organization.id, Organization.name, User.email)
            .join(Membership, Membership.organization_id == Organization.id)
            .join(User, User.id == Membership.user_id)
            .where(User.is_operator, Membership.role == "owner")
        ).all()
        names = {row.id: row.name for row in owned}
        channels = tx.session.scalars(
            select(NotificationChannel).where(
                NotificationChannel.organization_id.in_(names), NotificationChannel.is_enabled
            )
        ).all()
        known = values(tx.driver.cursor(), names)
        result = []
        for channel in channels:
            try:
                config = reveal(channel.config, vault)
                if channel.organization_id in known:
                    _, config, _ = known[channel.organization_id].fill("", config)
            except ValueError:
                continue  # sealed with another key, or a secret that is gone: others are told
            name = names[channel.organization_id]
            result.append(OperatorAddress(channel.organization_id, name, channel.type, config))
    if has_mail:
        mails = {row.email: row for row in owned}
        result += [
            OperatorAddress(row.id, row.name, "email", {"to": [email]})
            for email, row in mails.items()
        ]
    return result
