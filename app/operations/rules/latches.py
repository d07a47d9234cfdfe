"""Latches of rules: an alert resolved by hand holds its rule back while the condition holds on."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, update

from app.models.alert_rules import RuleState
from app.platform.transaction import Transaction


def release_rule(tx: Transaction, rule_id: UUID) -> None:
    """Let a rule fire again on every service: it asks something else now."""
    _release(tx, RuleState.alert_rule_id == rule_id)


def release_services(tx: Transaction, service_ids: Sequence[UUID]) -> None:
    """Let every rule fire again on services: what their last check said says nothing any more."""
    _release(tx, RuleState.service_id.in_(service_ids))


def release(tx: Transaction, rule_id: UUID, service_id: UUID) -> None:
    """Let a rule fire again on a service: the condition has been false."""
    _release(tx, (RuleState.alert_rule_id == rule_id) & (RuleState.service_id == service_id))


def _release(tx: Transaction, which: ColumnElement[bool]) -> None:
    tx.session.execute(
        update(RuleState).where(which, RuleState.is_latched).values(is_latched=False)
    )
