"""End alerts whose matter goes away: a rule, a service or a heartbeat that is deleted."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select, update

from app.domain.alerts import AlertStatus
from app.models.alerts import Alert
from app.models.notification_channels import Notification
from app.operations import alerts
from app.transaction import Transaction


def close_rule(tx: Transaction, rule_id: UUID, *, reason: str) -> None:
    """Resolve the alerts of a rule that is deleted or switched off."""
    _close(tx, Alert.alert_rule_id == rule_id, reason)


def close_services(tx: Transaction, ids: Sequence[UUID], *, reason: str) -> None:
    """Resolve the alerts of services that are about to go; what is to be sent survives them."""
    _close(tx, Alert.service_id.in_(ids), reason)
    _keep_messages(tx, Alert.service_id.in_(ids))


def close_heartbeat(tx: Transaction, heartbeat_id: UUID, *, reason: str) -> None:
    """Resolve the alert of a heartbeat that is about to go; what is to be sent survives it."""
    _close(tx, Alert.heartbeat_id == heartbeat_id, reason)
    _keep_messages(tx, Alert.heartbeat_id == heartbeat_id)


def _close(tx: Transaction, which: ColumnElement[bool], reason: str) -> None:
    now = tx.now()
    for alert in tx.session.scalars(
        select(Alert)
        .where(which, Alert.status != AlertStatus.RESOLVED)
        .order_by(Alert.id)
        .with_for_update(key_share=True)
    ):
        alerts.resolve_alert(tx, alert, now, closed_because=reason)
    tx.session.flush()


def _keep_messages(tx: Transaction, which: ColumnElement[bool]) -> None:
    """Let go the messages of alerts that vanish: a page is closed at the receiver all the same."""
    tx.session.execute(
        update(Notification)
        .where(
            Notification.alert_id.in_(select(Alert.id).where(which)),
            Notification.status == "pending",
        )
        .values(alert_id=None)
        .execution_options(synchronize_session=False)
    )
