"""Muting by maintenance of alerts that were open before it, and their release at its end."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select

from app.models.alerts import Alert
from app.models.heartbeats import Heartbeat
from app.models.maintenance_windows import MaintenanceWindow
from app.models.notification_channels import Notification, NotificationChannel
from app.models.services import Service
from app.operations.notifications import enqueue
from app.operations.schedule import entries as schedule_entries
from app.operations.snapshots.alerting import alerting_snapshots
from app.platform.transaction import Transaction, transaction

# What waits no longer than this goes out by itself soon enough; a digest waits less.
_A_WHILE = timedelta(seconds=90)


def unmuted(tx: Transaction, alert_ids: Sequence[UUID]) -> list[UUID]:
    """Return, in the same order, the alerts about what is not in maintenance now."""
    if not alert_ids:
        return []
    about = [
        row
        for watched, column in ((Service, Alert.service_id), (Heartbeat, Alert.heartbeat_id))
        for row in tx.session.execute(
            select(Alert.id, watched.id, watched.tags, Alert.organization_id)
            .join(watched, watched.id == column)
            .where(Alert.id.in_(alert_ids))
        )
    ]
    alerting = alerting_snapshots(tx, {organization_id for *_, organization_id in about})
    now = tx.now()
    muted = {
        alert_id
        for alert_id, watched_id, tags, organization_id in about
        if alerting[organization_id].maintenance_until(watched_id, tags, now) is not None
    }
    return [alert_id for alert_id in alert_ids if alert_id not in muted]


def until(tx: Transaction, alert: Alert) -> datetime | None:
    """Return the end of the maintenance that what an alert is about is in; None without one."""
    watched: Service | Heartbeat | None = None
    if alert.service_id is not None:
        watched = tx.session.get(Service, alert.service_id)
    elif alert.heartbeat_id is not None:
        watched = tx.session.get(Heartbeat, alert.heartbeat_id)
    if watched is None:
        return None
    current = alerting_snapshots(tx, [alert.organization_id])[alert.organization_id]
    return current.maintenance_until(watched.id, watched.tags, tx.now())


def release_held() -> int:
    """Send the ends of alerts that wait for an end of maintenance that has come early.

    Return how many. Somebody has ended, moved or deleted the window since they were planned.
    """
    with transaction() as tx:
        now = tx.now()
        held = tx.session.execute(
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
        heard = set(unmuted(tx, [row.alert_id for row, _ in held if row.alert_id is not None]))
        count = 0
        for row, channel in held:
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
