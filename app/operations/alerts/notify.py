"""Notification of an alert because a person asks for it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.domain.rules.transitions import AlertStatus
from app.models.alerts import Alert
from app.models.members import Membership, User
from app.models.notification_channels import NotificationChannel
from app.operations import rows as owned_rows
from app.operations.alerts import timeline
from app.operations.escalation import recipients as escalation_recipients
from app.operations.notifications import enqueue, payloads
from app.operations.notifications.enqueue import NOTIFIED, Recipient
from app.platform.errors import Conflict, Invalid, InvalidCode
from app.platform.transaction import Transaction, transaction


def notify(
    organization_id: UUID,
    alert_id: UUID,
    *,
    actor: str,
    channel_id: UUID | None = None,
    user_id: UUID | None = None,
) -> None:
    """Notify a channel, or a member by all their contacts, of an open alert now.

    Neither quiet hours nor a snooze hold it back, and no severity is too low. Raises NotFound;
    Invalid for a channel or a user that is not the organization's; Conflict for a resolved alert or
    a channel that is switched off.
    """
    with transaction() as tx:
        alert = owned_rows.lock(tx, Alert, organization_id, alert_id)
        if alert.status == AlertStatus.RESOLVED:
            raise Conflict("a resolved alert is told to nobody")
        now = tx.now()
        if channel_id is not None:
            name, recipients = _channel(tx, organization_id, channel_id)
        elif user_id is not None:
            name, recipients = _member(tx, organization_id, user_id, now)
        else:
            raise Invalid("say whom to tell: channel_id or user_id")
        waiting = {escalation_recipients.key_of(row): row for row in enqueue.active(tx, alert.id)}
        new = []
        for recipient in recipients:
            row = waiting.get(recipient.key)
            if row is not None and enqueue.is_untouched(tx, row):
                row.kind, row.next_try_at = NOTIFIED, now  # it was to be told later
                row.step = enqueue.step_at(now)
                tx.after_commit(enqueue.wake_dispatcher)
            else:
                new.append(recipient)
        enqueue.messages(
            tx,
            organization_id=organization_id,
            alert_id=alert.id,
            subject_key=f"alert:{alert.id}",
            kind=NOTIFIED,
            severity=alert.severity,
            message=payloads.of_alert(tx, alert, "alert.fired"),
            recipients=new,
            now=now,
            step=enqueue.step_at(now),
        )
        alert.untold_reason = None
        timeline.note(tx, alert, "notified", actor=actor, text=name, at=now)


def _channel(
    tx: Transaction, organization_id: UUID, channel_id: UUID
) -> tuple[str, list[Recipient]]:
    channel = tx.session.scalar(
        select(NotificationChannel)
        .where(
            NotificationChannel.id == channel_id,
            NotificationChannel.organization_id == organization_id,
        )
        .with_for_update(read=True, key_share=True)
    )
    if channel is None:
        raise owned_rows.refused(
            "channel_id",
            InvalidCode.UNKNOWN_REFERENCE,
            f"There is no notification channel {channel_id}.",
        )
    if not channel.is_enabled:
        raise Conflict(f"{channel.name} is switched off")
    return channel.name, [Recipient(f"channel:{channel.id}", channel_id=channel.id)]


def _member(
    tx: Transaction, organization_id: UUID, user_id: UUID, now: datetime
) -> tuple[str, list[Recipient]]:
    user = tx.session.scalar(
        select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(User.id == user_id, Membership.organization_id == organization_id)
    )
    if user is None:
        raise owned_rows.refused(
            "user_id", InvalidCode.UNKNOWN_REFERENCE, f"There is no member {user_id}."
        )
    return user.full_name, [
        Recipient(recipient.key, contact=recipient.contact)
        for recipient in escalation_recipients.contacts(user, now)
    ]
