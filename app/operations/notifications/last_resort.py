"""Fallback channels and owners: who is told of what the ordinary way tells nobody."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.models.alerts import Alert, AlertEvent
from app.models.members import Membership, User
from app.models.notification_channels import NotificationChannel
from app.operations.notifications import enqueue
from app.operations.notifications.enqueue import Recipient
from app.platform.bootstrap import runtime
from app.platform.transaction import Transaction

OWNER = ":owner"  # ends the key of an owner who is told in place of others
NO_MAIL = "this server sends no mail to the owners (SMTP_URL is not set)"


def owners(tx: Transaction, organization_id: UUID) -> list[Recipient]:
    """Return the owners of an organization by mail; nobody where this server sends none."""
    if not runtime().config.smtp_url:
        return []
    users = tx.session.scalars(
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.organization_id == organization_id, Membership.role == "owner")
        .order_by(User.id)
    )
    return [
        Recipient(
            f"user:{user.id}{OWNER}", contact={"type": "email", "config": {"to": [user.email]}}
        )
        for user in users
    ]


def enqueue_for_owners(
    tx: Transaction,
    alert: Alert,
    event: str,
    now: datetime,
    *,
    channel_ids: Sequence[UUID] = (),
    why: str | None = None,
    was_told: bool = False,
    step: int = 0,
    hold_until: datetime | None = None,
) -> None:
    """Tell of an alert that nobody would hear of otherwise; the timeline says so, and why.

    Through the fallbacks of the channels that do not take it (those named by `channel_ids`, else
    all), or to the owners by mail. `why` stands in for what the channels say; `was_told`: somebody
    has heard of the alert, but nobody does at this step.
    """
    organization_id = alert.organization_id
    reason = why or enqueue.why_nobody(tx, organization_id, event, alert.severity, channel_ids)
    fallbacks = {} if why else _fallbacks(tx, organization_id, channel_ids)
    recipients = [Recipient(f"channel:{id}", channel_id=id) for id in fallbacks] or owners(
        tx, organization_id
    )
    enqueue.alert_event(
        tx,
        alert,
        event,
        recipients,
        now,
        step=step,
        hold_until=hold_until,
        note=f"Nobody else is told, because {reason}.",
    )
    if fallbacks:
        instead = f"{', '.join(fallbacks.values())} is told as the fallback"
    else:
        instead = "the owners are told by mail" if recipients else NO_MAIL
    text = f"{reason}; {instead}"
    if not was_told:
        alert.untold_reason = reason
        text = f"nobody was told, because {text}"
    tx.session.add(AlertEvent(alert_id=alert.id, at=now, kind="untold", text=text))


def _fallbacks(
    tx: Transaction, organization_id: UUID, channel_ids: Sequence[UUID]
) -> dict[UUID, str]:
    """Return the first enabled fallback of each channel, by id with its name."""
    rows = tx.session.scalars(
        select(NotificationChannel)
        .where(NotificationChannel.organization_id == organization_id)
        .order_by(NotificationChannel.created_at)
    )
    channels = {channel.id: channel for channel in rows}
    found: dict[UUID, str] = {}
    for id in channel_ids or list(channels):
        seen = {id}
        fallback = channels[id].fallback_channel_id if id in channels else None
        while fallback is not None and fallback not in seen:
            seen.add(fallback)
            if channels[fallback].is_enabled:
                found[fallback] = channels[fallback].name
                break
            fallback = channels[fallback].fallback_channel_id
    return found
