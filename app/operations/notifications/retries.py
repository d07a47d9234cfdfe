"""Retries of messages that a person asks for."""

from uuid import UUID

from sqlalchemy import select

from app.domain.messages.events import BEGINNINGS
from app.domain.rules.transitions import AlertStatus
from app.models.alerts import Alert
from app.models.notification_channels import Notification, NotificationChannel
from app.operations.notifications import enqueue, system_mail
from app.platform.errors import Conflict, NotFound
from app.platform.transaction import transaction

_REFUSALS = {
    "sent": "this message was delivered",
    "digested": "this message was delivered as part of a digest",
    "cancelled": "this message was withdrawn: there was nothing to tell any more",
}


def retry(organization_id: UUID, notification_id: UUID) -> None:
    """Try a message again at once that was given up, or that waits for its next try.

    Raises NotFound; Conflict for one that was delivered or withdrawn, is in the air, or tells of an
    alert that is over.
    """
    with transaction() as tx:
        meant = (
            Notification.id == notification_id,
            Notification.organization_id == organization_id,
            # A mail to one person, with a link in it, is nobody else's.
            Notification.kind != system_mail.KIND,
        )
        # The channel before the message, as senders lock.
        channel = tx.session.scalar(
            select(NotificationChannel)
            .join(Notification, Notification.channel_id == NotificationChannel.id)
            .where(*meant)
            .with_for_update(key_share=True, of=NotificationChannel)
        )
        row = tx.session.scalar(select(Notification).where(*meant).with_for_update(key_share=True))
        if row is None:
            raise NotFound
        if row.status in _REFUSALS:
            raise Conflict(_REFUSALS[row.status])
        now = tx.now()
        if row.lease_until is not None and row.lease_until > now:
            raise Conflict("this message is being sent at this moment")
        alert = tx.session.get(Alert, row.alert_id) if row.alert_id else None
        if row.kind in BEGINNINGS and (alert is None or alert.status == AlertStatus.RESOLVED):
            raise Conflict("the alert is over; nobody should hear that it has begun")
        if row.channel_id is None and row.recipient_key.startswith("channel:"):
            raise Conflict("its channel was deleted")
        row.status, row.next_try_at = "pending", now
        if channel is not None:
            if not channel.is_enabled:
                raise Conflict(f"{channel.name} is switched off")
            channel.paused_until = None
        tx.after_commit(enqueue.wake_dispatcher)
