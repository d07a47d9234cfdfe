"""Alert rules: created, changed, deleted; what one no longer watches, it does not alert on."""

from uuid import UUID

from app.models.alert_rules import AlertRule
from app.models.alerts import Alert
from app.models.escalation_policies import EscalationPolicy
from app.models.notification_channels import NotificationChannel
from app.models.services import Service
from app.operations import rows as owned_rows
from app.operations.alerts import closing, edits
from app.operations.escalation import assignments
from app.operations.resource import Most
from app.operations.rows import Columns, References, columns, refused
from app.operations.rules import latches as rule_latches
from app.operations.snapshots.resource import SnapshotResource
from app.platform.errors import InvalidCode
from app.platform.transaction import Transaction

# What a rule asks, and of whom.
_ASKED = frozenset({"condition", "is_enabled", "service_id", "tags"})
_REFERENCES: References = {
    "service_id": (Service, "service"),
    "escalation_policy_id": (EscalationPolicy, "escalation policy"),
    "notification_channel_ids": (NotificationChannel, "notification channel"),
}


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


class _Rules(SnapshotResource[AlertRule]):
    model = AlertRule
    most = Most(2_000, "alert rules")

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
        if "escalation_policy_id" in changes:
            assignments.follow_policy(tx, Alert.alert_rule_id == row.id, row.escalation_policy_id)
        if "reminder_interval_minutes" in changes:
            edits.follow_reminders(tx, row)

    def deleting(self, tx: Transaction, who: UUID, row: AlertRule) -> None:
        # Rules before alerts, as a worker does. It holds those whose alerts it opens or resolves
        # FOR SHARE: we wait for one that is at it, and the next one finds no rule.
        closing.close_rule(tx, row.id, reason="the alert rule was deleted")


listed, read, create, update, delete = _Rules().operations()


def check(
    tx: Transaction, organization_id: UUID, changes: Columns, merged: Columns | None = None
) -> None:
    """Raise Invalid where a rule refers to nothing, or to something of another organization."""
    merged = changes if merged is None else merged
    if merged.get("service_id") is not None and merged.get("tags"):
        raise refused("tags", InvalidCode.CONFLICTING_FIELDS, "Only for a rule without service_id.")
    owned_rows.require_references(tx, organization_id, changes, _REFERENCES)
