"""Create, change and delete alert rules; what a rule no longer watches, it no longer alerts on."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

from app.models.alert_rules import AlertRule
from app.models.escalation_policies import EscalationPolicy
from app.models.notification_channels import NotificationChannel
from app.models.services import Service
from app.operations import rows as owned_rows
from app.operations.alerts import closing, edits
from app.operations.rows import Position, columns, lock_organization, refused
from app.operations.rules import latches as rule_latches
from app.operations.snapshots import alerting as alerting_snapshots
from app.platform.transaction import Transaction, transaction

Columns = Mapping[str, Any]

# What a rule asks, and of whom.
_ASKED = frozenset({"condition", "is_enabled", "service_id", "tags"})


def add_default_rule(tx: Transaction, organization_id: UUID) -> None:
    """Give a new organization its first rule: every service that is down."""
    tx.session.add(
        AlertRule(
            organization_id=organization_id,
            name="Service down",
            severity="critical",
            condition={"metric": "status", "operator": "in", "value": ["RED"]},
        )
    )


def listed(
    organization_id: UUID, filters: Columns, *, limit: int, after: Position | None
) -> tuple[list[dict[str, Any]], Position | None, int]:
    """Return a page of rules, newest first, where to go on (None at the end), and their number."""
    conditions: list[ColumnElement[bool]] = [
        getattr(AlertRule, name) == value for name, value in filters.items()
    ]
    with transaction() as tx:
        rows, position, total = owned_rows.page(
            tx, AlertRule, organization_id, *conditions, limit=limit, after=after
        )
        found = [columns(row) for row in rows]
    return found, position, total


def read(organization_id: UUID, rule_id: UUID) -> dict[str, Any]:
    """Return a rule. Raises NotFound."""
    with transaction() as tx:
        found = columns(owned_rows.find(tx, AlertRule, organization_id, rule_id))
    return found


def create(organization_id: UUID, given: Columns) -> dict[str, Any]:
    """Create a rule and return its answer. Raises Invalid for a reference to nothing."""
    with transaction() as tx:
        # First of all: it locks the organization, so that what the rule refers to stays there.
        alerting_snapshots.invalidate(lock_organization(tx, organization_id))
        check(tx, organization_id, given)
        rule = AlertRule(organization_id=organization_id, **given)
        tx.session.add(rule)
        tx.session.flush()
        found = columns(rule)
    return found


def update(organization_id: UUID, rule_id: UUID, changes: Columns) -> dict[str, Any]:
    """Change a rule and return its answer. Raises NotFound, Invalid for a reference to nothing.

    Alerts of services that the rule does not watch any more are resolved.
    """
    with transaction() as tx:
        alerting_snapshots.invalidate(lock_organization(tx, organization_id))
        rule = owned_rows.lock(tx, AlertRule, organization_id, rule_id)
        check(tx, organization_id, changes, {**columns(rule), **changes})
        was_enabled, was_about = rule.is_enabled, (rule.service_id, set(rule.tags))
        for name, value in changes.items():
            setattr(rule, name, value)
        tx.session.flush()
        if was_enabled and not rule.is_enabled:
            closing.close_rule(tx, rule_id, reason="the alert rule was switched off")
        elif (rule.service_id, set(rule.tags)) != was_about:
            closing.end_unwatched(tx, rule_id=rule_id)
        if _ASKED & changes.keys():
            rule_latches.release_rule(tx, rule_id)
        if edits.AUDIENCE & changes.keys():
            edits.follow_rule(tx, rule)
        found = columns(rule)
    return found


def delete(organization_id: UUID, rule_id: UUID) -> None:
    """Delete a rule and resolve its alerts. Raises NotFound."""
    with transaction() as tx:
        alerting_snapshots.invalidate(lock_organization(tx, organization_id))
        # Rules before alerts, as a worker does. It holds those whose alerts it opens or resolves
        # FOR SHARE: we wait for one that is at it, and the next one finds no rule.
        rule = owned_rows.lock(tx, AlertRule, organization_id, rule_id)
        closing.close_rule(tx, rule_id, reason="the alert rule was deleted")
        tx.session.delete(rule)


def check(
    tx: Transaction, organization_id: UUID, changes: Columns, whole: Columns | None = None
) -> None:
    """Raise Invalid where a rule refers to nothing, or to something of another organization."""
    whole = changes if whole is None else whole
    if whole.get("service_id") is not None and whole.get("tags"):
        raise refused("tags", "Only for a rule without service_id.")
    for field, model, what in (
        ("service_id", Service, "service"),
        ("escalation_policy_id", EscalationPolicy, "escalation policy"),
    ):
        if changes.get(field) is not None:
            owned_rows.require(tx, model, organization_id, [changes[field]], field=field, what=what)
    owned_rows.require(
        tx,
        NotificationChannel,
        organization_id,
        changes.get("notification_channel_ids", ()),
        field="notification_channel_ids",
        what="notification channel",
    )
