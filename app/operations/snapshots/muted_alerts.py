"""Alerts about what is in maintenance now, by the windows that processes remember."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.models.alerts import Alert
from app.models.heartbeats import Heartbeat
from app.models.services import Service
from app.operations.snapshots.alerting import alerting_snapshots
from app.platform.transaction import Transaction


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
