"""Closing of alerts whose rule, service or heartbeat is deleted, paused, or watched no longer."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, case, false, func, select, update

from app.domain.rules.conditions import parse
from app.domain.rules.coverage import may_lose_sight
from app.domain.rules.transitions import AlertStatus
from app.models.alert_rules import AlertRule
from app.models.alerts import Alert
from app.models.notification_channels import Notification
from app.models.services import Service
from app.operations.alerts import lifecycle
from app.platform.transaction import Transaction


def close_rule(tx: Transaction, rule_id: UUID, *, reason: str) -> None:
    """Resolve the alerts of a rule that is deleted or switched off."""
    _close(tx, Alert.alert_rule_id == rule_id, reason)


def end_services(tx: Transaction, ids: Sequence[UUID], *, reason: str) -> None:
    """Resolve the alerts of services that are not checked for now."""
    _close(tx, Alert.service_id.in_(ids), reason)


def end_unwatched(
    tx: Transaction, *, rule_id: UUID | None = None, service_ids: Sequence[UUID] = ()
) -> None:
    """Resolve the alerts of a rule, or of services, where the rule does not watch the service now.

    No later check would resolve them.
    """
    about = Alert.alert_rule_id == rule_id if rule_id else Alert.service_id.in_(service_ids)
    unwatched = (
        select(Alert.id)
        .join(Service, Service.id == Alert.service_id)
        .join(AlertRule, AlertRule.id == Alert.alert_rule_id)
        .where(
            about,
            Alert.status != AlertStatus.RESOLVED,
            case(
                (AlertRule.service_id.is_not(None), AlertRule.service_id != Service.id),
                (func.cardinality(AlertRule.tags) > 0, ~Service.tags.overlap(AlertRule.tags)),
                else_=false(),
            ),
        )
    )
    _close(tx, Alert.id.in_(unwatched), "the alert rule does not watch this service now")


def end_out_of_sight(tx: Transaction, service_id: UUID, edited: Collection[str]) -> None:
    """Resolve the alerts of a service whose rules ask what its checks may say no more.

    `edited` are its fields that were; where the new check says so, another alert opens at once.
    """
    rules = tx.session.execute(
        select(AlertRule.id, AlertRule.condition)
        .join(Alert, Alert.alert_rule_id == AlertRule.id)
        .where(Alert.service_id == service_id, Alert.status != AlertStatus.RESOLVED)
    )
    unfounded = [id for id, condition in rules if may_lose_sight(parse(condition), edited)]
    if unfounded:
        about = (Alert.service_id == service_id) & Alert.alert_rule_id.in_(unfounded)
        _close(tx, about, "the service is checked in another way now")


def close_services(tx: Transaction, ids: Sequence[UUID], *, reason: str) -> None:
    """Resolve the alerts of services before they are deleted; the messages about that are kept."""
    _close(tx, Alert.service_id.in_(ids), reason)
    _keep_messages(tx, Alert.service_id.in_(ids))


def close_heartbeat(tx: Transaction, heartbeat_id: UUID, *, reason: str) -> None:
    """Resolve the alert of a heartbeat before it is deleted; the messages about that are kept."""
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
        lifecycle.resolve_alert(tx, alert, now, closed_because=reason)
    tx.session.flush()


def _keep_messages(tx: Transaction, which: ColumnElement[bool]) -> None:
    """Detach the messages of alerts that are deleted, so that they are sent all the same."""
    tx.session.execute(
        update(Notification)
        .where(
            Notification.alert_id.in_(select(Alert.id).where(which)),
            Notification.status == "pending",
        )
        .values(alert_id=None)
        .execution_options(synchronize_session=False)
    )
