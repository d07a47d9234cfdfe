"""Muting by maintenance of alerts that were open before it, and their release at its end."""

from datetime import timedelta

from sqlalchemy import or_, select

from app.models.maintenance_windows import MaintenanceWindow
from app.models.notification_channels import Notification, NotificationChannel
from app.models.services import Service
from app.operations.notifications import enqueue
from app.operations.schedule import entries as schedule_entries
from app.operations.snapshots import muted_alerts
from app.platform.transaction import Transaction, transaction

# What waits no longer than this goes out by itself soon enough; a digest waits less.
_A_WHILE = timedelta(seconds=90)


def release_deferred() -> int:
    """Send the ends of alerts that wait for an end of maintenance that has come early.

    Return how many. Somebody has ended, moved or deleted the window since they were planned.
    """
    with transaction() as tx:
        now = tx.now()
        deferred = tx.session.execute(
            select(Notification, NotificationChannel)
            .outerjoin(NotificationChannel, NotificationChannel.id == Notification.channel_id)
            .where(
                Notification.status == "pending",
                Notification.kind == "alert.resolved",
                Notification.attempts == 0,
                Notification.next_try_at > now + _A_WHILE,
            )
            .with_for_update(key_share=True, of=Notification, skip_locked=True)
        ).all()
        heard = set(
            muted_alerts.unmuted(
                tx, [row.alert_id for row, _ in deferred if row.alert_id is not None]
            )
        )
        count = 0
        for row, channel in deferred:
            if row.alert_id is not None and row.alert_id not in heard:
                continue
            quiet = enqueue.quiet_until(channel, row.severity, now) if channel else None
            if (quiet or now) < row.next_try_at:
                row.next_try_at = quiet or now
                count += 1
        if count:
            tx.after_commit(enqueue.wake_dispatcher)
    return count


def recheck(tx: Transaction, window: MaintenanceWindow) -> None:
    """Look at once at what fails as a window ends: an outage that outlasts it is news by now."""
    failing = select(Service.id).where(
        Service.organization_id == window.organization_id,
        Service.is_active,
        Service.status.in_(("RED", "YELLOW")),
    )
    if window.service_ids or window.tags or window.heartbeat_ids:
        failing = failing.where(
            or_(Service.id.in_(window.service_ids), Service.tags.overlap(window.tags))
        )
    service_ids = tx.session.scalars(failing).all()
    if service_ids:
        schedule_entries.recheck(tx, service_ids)
