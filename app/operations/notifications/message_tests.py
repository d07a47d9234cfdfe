"""Test messages: enqueued like any other, tried once, and what came of them."""

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from app.models.notification_channels import Notification, NotificationAttempt, NotificationChannel
from app.operations import rows
from app.operations.notifications import enqueue, payloads
from app.operations.notifications.claim import TEST
from app.platform.transaction import Transaction, transaction


def send_to_channel(organization_id: UUID, channel_id: UUID) -> UUID:
    """Enqueue a test message to a channel, and return its id. Raises NotFound."""
    with transaction() as tx:
        channel = rows.find(tx, NotificationChannel, organization_id, channel_id)
        return enqueue_test(tx, organization_id, f"channel:{channel.id}", channel_id=channel.id)


def enqueue_test(tx: Transaction, organization_id: UUID, recipient_key: str, **whom: Any) -> UUID:
    """Enqueue a test message to a channel (`channel_id`) or a `contact`; return its id."""
    row = Notification(
        id=uuid4(),
        organization_id=organization_id,
        subject_key=f"test:{uuid4()}",
        recipient_key=recipient_key,
        kind=TEST,
        severity="info",
        message=payloads.of_organization(tx, organization_id, "alert.fired", test=True),
        next_try_at=tx.now(),
        **whom,
    )
    tx.session.add(row)
    tx.after_commit(enqueue.wake_dispatcher)
    return row.id


def outcome(notification_id: UUID) -> dict[str, Any] | None:
    """Return how a test message went: `{ok, status_code, error, duration_ms}`; None until then."""
    with transaction() as tx:
        attempt = tx.session.scalar(
            select(NotificationAttempt).where(
                NotificationAttempt.notification_id == notification_id,
                NotificationAttempt.finished_at.is_not(None),
            )
        )
        if attempt is None:
            return None
        return {
            "ok": attempt.error is None,
            "status_code": attempt.status_code,
            "error": attempt.error,
            "duration_ms": attempt.duration_ms,
        }
