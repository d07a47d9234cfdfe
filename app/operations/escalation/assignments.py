"""Policies that are named while an alert fires: for what it is about, or as the default."""

from uuid import UUID

from sqlalchemy import ColumnElement, exists, select

from app.domain.rules.transitions import AlertStatus
from app.models.alerts import Alert
from app.models.escalation_policies import EscalationLevel
from app.operations.escalation import levels
from app.operations.snapshots import muted_alerts
from app.platform.transaction import Transaction


def follow_policy(tx: Transaction, which: ColumnElement[bool], policy_id: UUID | None) -> None:
    """Let firing alerts that escalate by no policy begin with the one that is named for them now.

    Those that escalate already go on by the policy that they began with.
    """
    if policy_id is None:
        return
    now = tx.now()
    has_levels = exists().where(EscalationLevel.alert_id == Alert.id)
    for alert in tx.session.scalars(
        select(Alert)
        .where(
            which, Alert.status == AlertStatus.FIRING, Alert.suppressed_by.is_(None), ~has_levels
        )
        .order_by(Alert.id)
        .with_for_update(key_share=True)
    ).all():
        if levels.start(tx, alert, policy_id, muted_alerts.until(tx, alert) or now):
            alert.untold_reason = None
