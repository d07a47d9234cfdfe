"""Create, change and delete alert rules; what a rule no longer watches, it no longer alerts on."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.models.alert_rules import AlertRule
from app.models.escalation_policies import EscalationPolicy
from app.models.notification_channels import NotificationChannel
from app.models.services import Service
from app.operations import rows as owned_rows
from app.operations.alerts import closing, edits
from app.operations.resource import Resource
from app.operations.rows import columns, lock_organization, refused
from app.operations.rules import latches as rule_latches
from app.operations.snapshots import alerting as alerting_snapshots
from app.platform.transaction import Transaction

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


class _Rules(Resource[AlertRule, UUID]):
    model = AlertRule

    def begin(self, tx: Transaction, who: UUID) -> None:
        # First of all: what the rule refers to stays there.
        alerting_snapshots.invalidate(lock_organization(tx, who))

    def new_columns(self, tx: Transaction, who: UUID, id: UUID, data: Columns) -> Columns:
        check(tx, who, data)
        return data

    def changed_columns(
        self, tx: Transaction, who: UUID, row: AlertRule, changes: Columns
    ) -> Columns:
        check(tx, who, changes, {**columns(row), **changes})
        return changes

    def updated(self, tx: Transaction, row: AlertRule, before: Columns, changes: Columns) -> None:
        """Resolve the alerts of services that the rule does not watch any more."""
        was_about = (before["service_id"], set(before["tags"]))
        if before["is_enabled"] and not row.is_enabled:
            closing.close_rule(tx, row.id, reason="the alert rule was switched off")
        elif (row.service_id, set(row.tags)) != was_about:
            closing.end_unwatched(tx, rule_id=row.id)
        if _ASKED & changes.keys():
            rule_latches.release_rule(tx, row.id)
        if edits.AUDIENCE & changes.keys():
            edits.follow_rule(tx, row)

    def deleting(self, tx: Transaction, who: UUID, row: AlertRule) -> None:
        # Rules before alerts, as a worker does. It holds those whose alerts it opens or resolves
        # FOR SHARE: we wait for one that is at it, and the next one finds no rule.
        closing.close_rule(tx, row.id, reason="the alert rule was deleted")


listed, read, create, update, delete = _Rules().operations()


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
