"""Fallback channels and owners: notified of an alert of which nobody else would be."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.models.alerts import Alert, AlertEvent
from app.models.members import Membership, User
from app.models.notification_channels import Notification, NotificationChannel
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
    """Notify of an alert of which nobody else would be; the timeline says so, and why.

    Through the fallbacks of the channels that do not take it (those named by `channel_ids`, else
    all), or to the owners by mail. `why` replaces the reasons of the channels; `was_told`: somebody
    has been notified of the alert, but nobody is at this step.
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


def enqueue_elsewhere(
    tx: Transaction, row: Notification, error: str | None, *, is_given_up: bool
) -> None:
    """Notify others of a message that does not get through; the alert's timeline says so.

    The channel's fallbacks, the first that has not failed with it as well; else the owners by mail,
    of what may still get through only while nobody has heard of the alert.
    """
    now = tx.now()
    channel = tx.session.get(NotificationChannel, row.channel_id) if row.channel_id else None
    name = channel.name if channel else _person(tx, row)
    error = error or (channel.last_error if channel else None)
    recipients = _next_fallback(tx, row, channel)
    if not recipients and not row.recipient_key.endswith(OWNER):
        recipients = (
            [] if not is_given_up and _was_delivered(tx, row) else owners(tx, row.organization_id)
        )
    # One that has it already, by themselves or for another channel, does not get it twice.
    note = f"{name} could not be reached: {error}"
    enqueue.elsewhere(tx, row, recipients, now, {**row.message, "note": note})
    if row.alert_id is None:
        return
    if is_given_up:
        what = f"{name} could not be reached ({error})"
        then = "the message went elsewhere" if recipients else "nobody else could be told"
    else:
        what = f"{name} has not been reached so far ({error}), which is tried on"
        then = "the message went elsewhere as well" if recipients else "nobody else was told"
    text = f"{what}; {then}"
    tx.session.add(AlertEvent(alert_id=row.alert_id, at=now, kind="undelivered", text=text))


def enqueue_for_missed(tx: Transaction, row: Notification, error: str, *, is_new: bool) -> None:
    """Notify others of a message that some of its recipients can never get; its alert says so.

    The channel's fallback each time; without one the owners by mail, where the fault `is_new`: they
    can mend it, and need no copy of every message until they do.
    """
    channel = tx.session.get(NotificationChannel, row.channel_id) if row.channel_id else None
    name = channel.name if channel else _person(tx, row)
    recipients = _next_fallback(tx, row, channel)
    if not recipients and is_new and not row.recipient_key.endswith(OWNER):
        recipients = owners(tx, row.organization_id)
    what = f"{name} did not reach everybody"
    enqueue.elsewhere(tx, row, recipients, tx.now(), {**row.message, "note": f"{what}: {error}"})
    if row.alert_id is not None:
        then = "; the message went elsewhere as well" if recipients else ""
        text = f"{what} ({error}){then}"
        tx.session.add(
            AlertEvent(alert_id=row.alert_id, at=tx.now(), kind="undelivered", text=text)
        )


def _next_fallback(
    tx: Transaction, row: Notification, channel: NotificationChannel | None
) -> list[Recipient]:
    """Return the first channel of a chain of fallbacks that a message has not failed at.

    Enabled or not: a channel may be kept for this alone.
    """
    seen = set()
    while channel is not None and channel.fallback_channel_id is not None:
        seen.add(channel.id)
        channel = tx.session.get(NotificationChannel, channel.fallback_channel_id)
        if channel is None or channel.id in seen:
            break
        key = f"channel:{channel.id}"
        if not _has_failed(tx, row, key):
            return [Recipient(key, channel_id=channel.id)]
    return []


def _has_failed(tx: Transaction, row: Notification, key: str) -> bool:
    """Say whether the same message has failed, so far at least, at another recipient."""
    other = tx.session.scalar(
        select(Notification).where(
            Notification.subject_key == row.subject_key,
            Notification.kind == row.kind,
            Notification.step == row.step,
            Notification.recipient_key == key,
        )
    )
    return other is not None and (other.status == "dead" or other.passed_on_at is not None)


def _was_delivered(tx: Transaction, row: Notification) -> bool:
    delivered = Notification.status.in_(("sent", "digested"))
    query = select(Notification.id).where(Notification.alert_id == row.alert_id, delivered)
    return tx.session.scalar(query.limit(1)) is not None


def _person(tx: Transaction, row: Notification) -> str:
    """Return whose contact a message goes to, such as `Alice (email)`."""
    user = tx.session.get(User, UUID(row.recipient_key.split(":")[1]))
    return f"{user.full_name if user else '(deleted)'} ({(row.contact or {})['type']})"


def _fallbacks(
    tx: Transaction, organization_id: UUID, channel_ids: Sequence[UUID]
) -> dict[UUID, str]:
    """Return the first enabled fallback of each channel, by id with its name."""
    query = (
        select(NotificationChannel)
        .where(NotificationChannel.organization_id == organization_id)
        .order_by(NotificationChannel.created_at)
    )
    rows = tx.known(("fallbacks", organization_id), lambda: tx.session.scalars(query).all())
    channels = {channel.id: channel for channel in rows}
    result: dict[UUID, str] = {}
    for id in channel_ids or list(channels):
        seen = {id}
        fallback = channels[id].fallback_channel_id if id in channels else None
        while fallback is not None and fallback not in seen:
            seen.add(fallback)
            if channels[fallback].is_enabled:
                result[fallback] = channels[fallback].name
                break
            fallback = channels[fallback].fallback_channel_id
    return result
