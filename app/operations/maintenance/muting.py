"""Muting by maintenance of alerts that were open before it, and their release at its end."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from app.models.notification_channels import Notification, NotificationChannel
from app.models.services import Service
from app.operations.notifications import enqueue, last_resort
from app.operations.schedule import entries as schedule_entries
from app.operations.snapshots import muted_alerts
from app.platform.transaction import Transaction, single_value, transaction

# What waits no longer than this goes out by itself soon enough; a digest waits less.
_A_WHILE = timedelta(seconds=90)


def is_any_deferred() -> bool:
    """Say whether any message waits that `release_deferred` may have to send."""
    return bool(
        single_value(
            "SELECT EXISTS (SELECT FROM notifications WHERE status = 'pending' AND attempts = 0"
            " AND next_try_at > now() + %s)",
            (_A_WHILE,),
        )
    )


def release_deferred() -> int:
    """Send what waits for an end, of maintenance or of quiet hours, that has come early.

    Return how many. Somebody has ended, moved or deleted the window, or edited the quiet hours,
    since they were enqueued. A delay that a contact has set for itself is no such wait.
    """
    with transaction() as tx:
        now = tx.now()
        is_deferred = (
            Notification.status == "pending",
            Notification.attempts == 0,
            Notification.next_try_at > now + _A_WHILE,
        )
        deferred = tx.session.execute(
            select(Notification, NotificationChannel)
            .outerjoin(NotificationChannel, NotificationChannel.id == Notification.channel_id)
            .where(*is_deferred, _waits_for_others())
        ).all()
        heard = set(
            muted_alerts.unmuted(
                tx, [row.alert_id for row, _ in deferred if row.alert_id is not None]
            )
        )
        due: dict[UUID, datetime] = {}
        for row, channel in deferred:
            if row.alert_id is not None and row.alert_id not in heard:
                continue
            quiet = enqueue.quiet_until(channel, row.severity, now) if channel else None
            if (quiet or now) < row.next_try_at:
                due[row.id] = quiet or now
        early = tx.session.scalars(
            select(Notification)
            .where(*is_deferred, Notification.id.in_(due))
            .order_by(Notification.id)
            .with_for_update(key_share=True, skip_locked=True)
            .execution_options(populate_existing=True)
        ).all()
        for row in early:
            row.next_try_at = due[row.id]
        if early:
            tx.after_commit(enqueue.wake_dispatcher)
    return len(early)


def _waits_for_others() -> ColumnElement[bool]:
    """Say which messages only maintenance or quiet hours can make wait."""
    is_end = Notification.kind == "alert.resolved"
    has_no_delay = Notification.channel_id.is_not(None) | Notification.recipient_key.endswith(
        last_resort.OWNER
    )
    # News of a certificate wait for the maintenance of a service that no alert names.
    is_news = Notification.alert_id.is_(None) & ~Notification.kind.startswith("ssl.")
    return is_end | (has_no_delay & (Notification.alert_id.is_not(None) | is_news))


def recheck(
    tx: Transaction,
    organization_id: UUID,
    service_ids: Collection[UUID],
    tags: Collection[str],
    heartbeat_ids: Collection[UUID],
) -> None:
    """Check services at once that fail and that no window covers any more: that may be news.

    The scope is what the window covered; a window that names nothing covers all.
    """
    failing = select(Service.id).where(
        Service.organization_id == organization_id,
        Service.is_active,
        Service.status.in_(("RED", "YELLOW")),
    )
    if service_ids or tags or heartbeat_ids:
        failing = failing.where(or_(Service.id.in_(service_ids), Service.tags.overlap(list(tags))))
    found = tx.session.scalars(failing).all()
    if found:
        schedule_entries.recheck(tx, found)
