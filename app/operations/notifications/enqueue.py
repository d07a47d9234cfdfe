"""Messages put into the outbox: a row for each recipient, in the transaction they tell of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.domain.delivery import quiet_hours
from app.domain.messages import listeners
from app.domain.messages.events import BEGINNINGS
from app.domain.messages.listeners import Listener, why_not
from app.models.alerts import Alert
from app.models.notification_channels import Notification, NotificationChannel
from app.operations.notifications import payloads
from app.platform.bootstrap import runtime
from app.platform.transaction import Transaction

DELIVER_JOB = "workers.notifications.deliver"
QUEUE = "notifications"
NOTIFIED = "alert.notified"  # told because somebody asked for it, whatever holds others back
DIGEST = "digest"  # the event of a message that stands for those about many alerts


@dataclass(frozen=True, slots=True)
class Recipient:
    """A channel, or one contact of a person; `key` names it in the outbox."""

    key: str
    channel_id: UUID | None = None
    contact: dict[str, Any] | None = None
    not_before: datetime | None = None  # quiet hours, or a contact's own delay


def channels_for(
    tx: Transaction,
    organization_id: UUID,
    event: str,
    severity: str,
    now: datetime,
    ids: Sequence[UUID] = (),
) -> list[Recipient]:
    """Return the enabled channels that want an event of a severity.

    Those named by `ids`; without ids, every channel of the organization.
    """
    return [
        Recipient(
            key=f"channel:{channel.id}",
            channel_id=channel.id,
            not_before=quiet_until(channel, severity, now),
        )
        for channel in _meant(tx, organization_id, ids)
        if why_not(_listener(channel), event, severity) is None
    ]


def why_nobody(
    tx: Transaction, organization_id: UUID, event: str, severity: str, ids: Sequence[UUID]
) -> str:
    """Return in words why none of the channels meant takes an event; `ids` as `channels_for`."""
    channels = _meant(tx, organization_id, ids)
    reasons = [why_not(_listener(channel), event, severity) or "" for channel in channels]
    return listeners.why_nobody(reasons, are_named=bool(ids))


def _meant(
    tx: Transaction, organization_id: UUID, ids: Sequence[UUID]
) -> Sequence[NotificationChannel]:
    query = select(NotificationChannel).where(
        NotificationChannel.organization_id == organization_id
    )
    if ids:
        query = query.where(NotificationChannel.id.in_(ids))
    # A channel must not go away between here and the message that refers to it.
    query = query.order_by(NotificationChannel.created_at)
    locking = query.with_for_update(read=True, key_share=True)
    key = ("channels", organization_id, tuple(ids))
    return tx.known(key, lambda: tx.session.scalars(locking).all())


def _listener(channel: NotificationChannel) -> Listener:
    return Listener(channel.name, channel.is_enabled, channel.min_severity, channel.events)


def quiet_until(channel: NotificationChannel, severity: str, now: datetime) -> datetime | None:
    """Return until when a channel's quiet hours hold a message of a severity; None: not at all."""
    if channel.quiet_hours is None:
        return None
    return quiet_hours.deferred_until(quiet_hours.parse(channel.quiet_hours), severity, now)


def alert_event(
    tx: Transaction,
    alert: Alert,
    event: str,
    recipients: Iterable[Recipient],
    now: datetime,
    *,
    step: int = 0,
    hold_until: datetime | None = None,
    **more: Any,
) -> int:
    """Add one message about an alert for each recipient; return how many were new.

    `more` goes into the payload. Enqueueing the same message twice adds nothing.
    """
    recipients = list(recipients)
    if not recipients:
        return 0
    message = payloads.of_alert(tx, alert, event, **more)
    return messages(
        tx,
        organization_id=alert.organization_id,
        alert_id=alert.id,
        subject_key=f"alert:{alert.id}",
        kind=event,
        severity=alert.severity,
        message=message,
        recipients=recipients,
        now=now,
        step=step,
        hold_until=hold_until,
    )


def event(
    tx: Transaction,
    organization_id: UUID,
    event: str,
    severity: str,
    now: datetime,
    *,
    subject_key: str,
    step: int = 0,
    ids: Sequence[UUID] = (),
    hold_until: datetime | None = None,
    **more: Any,
) -> int:
    """Add a message for each channel that wants an event about no single alert; return how many.

    `ids` as for `channels_for`, `more` as for `alert_event`. Later messages under one `subject_key`
    wait for earlier ones; `step` tells them apart.
    """
    recipients = channels_for(tx, organization_id, event, severity, now, ids)
    if not recipients:
        return 0
    return messages(
        tx,
        organization_id=organization_id,
        alert_id=None,
        subject_key=subject_key,
        kind=event,
        severity=severity,
        message=payloads.of_organization(tx, organization_id, event, severity=severity, **more),
        recipients=recipients,
        now=now,
        step=step,
        hold_until=hold_until,
    )


def subject_of_certificate(service_id: UUID, fingerprint: str) -> str:
    """Return the subject key of messages about a certificate that a service shows."""
    return f"ssl:{service_id}:{fingerprint}"


def step_at(moment: datetime) -> int:
    """Return a step for what happens at most once at a moment: microseconds since the epoch."""
    return int(moment.timestamp() * 1_000_000)


def messages(
    tx: Transaction,
    *,
    organization_id: UUID,
    alert_id: UUID | None,
    subject_key: str,
    kind: str,
    severity: str,
    message: dict[str, Any],
    recipients: Iterable[Recipient],
    now: datetime,
    step: int = 0,
    hold_until: datetime | None = None,
) -> int:
    """Add outbox rows and ask for their delivery after the commit; return how many were new."""
    rows = [
        {
            "organization_id": organization_id,
            "alert_id": alert_id,
            "channel_id": recipient.channel_id,
            "contact": recipient.contact,
            "subject_key": subject_key,
            "recipient_key": recipient.key,
            "kind": kind,
            "step": step,
            "severity": severity,
            "message": message,
            # The clock, not the transaction's beginning: enqueued under the lock of its subject, so
            # that what is enqueued later is later, however long a transaction has waited.
            "created_at": func.clock_timestamp(),
            "next_try_at": max(
                moment for moment in (now, hold_until, recipient.not_before) if moment is not None
            ),
        }
        for recipient in recipients
    ]
    if not rows:
        return 0
    added = tx.session.execute(
        insert(Notification).values(rows).on_conflict_do_nothing().returning(Notification.id)
    ).all()
    if added:
        tx.after_commit(wake_dispatcher)
    return len(added)


def elsewhere(
    tx: Transaction,
    row: Notification,
    recipients: Iterable[Recipient],
    now: datetime,
    message: dict[str, Any] | None = None,
) -> int:
    """Add a stored message for other recipients; return how many were new.

    `message` takes the place of what the stored one says.
    """
    return messages(
        tx,
        organization_id=row.organization_id,
        alert_id=row.alert_id,
        subject_key=row.subject_key,
        kind=row.kind,
        severity=row.severity,
        message=row.message if message is None else message,
        recipients=recipients,
        now=now,
        step=row.step,
    )


def wake_dispatcher() -> None:
    """Say that the outbox may have work. Raises redis errors when Redis is away."""
    hints = runtime().hints
    if hints.queue(QUEUE).count == 0:
        hints.work(DELIVER_JOB, queue=QUEUE, timeout_seconds=240)


def active(tx: Transaction, alert_id: UUID) -> list[Notification]:
    """Return the outbox rows about an alert that are not cancelled, locked against the sender."""
    return [row for row in all_of_alert(tx, alert_id) if row.status != "cancelled"]


def all_of_alert(
    tx: Transaction, alert_id: UUID, *, skip_locked: bool = False
) -> list[Notification]:
    """Return the outbox rows about a locked alert, oldest first, locked against the sender."""
    return list(
        tx.session.scalars(
            select(Notification)
            .where(Notification.alert_id == alert_id)
            .order_by(Notification.created_at, Notification.id)
            .with_for_update(key_share=True, skip_locked=skip_locked)
        )
    )


def without_deferred(
    tx: Transaction, alert: Alert, event: str, recipients: Iterable[Recipient], now: datetime
) -> list[Recipient]:
    """Return the recipients for whom no message that an alert goes on is deferred already.

    A receiver that is away, or in its quiet hours, gets one of them afterwards and not all at once.
    """
    deferred = {
        row.recipient_key
        for row in active(tx, alert.id)
        if row.status == "pending"
        and row.kind in BEGINNINGS
        and (row.kind == event or row.attempts > 0 or row.next_try_at > now)
    }
    return [recipient for recipient in recipients if recipient.key not in deferred]


def is_untouched(tx: Transaction, row: Notification) -> bool:
    """Say whether a message may still be withdrawn: pending, in nobody's hands, about one alert."""
    now = tx.now()
    is_free = row.lease_until is None or row.lease_until < now
    return row.status == "pending" and is_free and not is_digest(row)


def is_digest(row: Notification) -> bool:
    """Say whether a message stands for others: it may be all that is ever told of their alerts."""
    return bool(row.message.get("event") == DIGEST)
