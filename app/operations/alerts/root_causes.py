"""Root causes: the alert that explains why a service failed, and may hide the alert about it.

An alert hides none that is more severe, and none while nobody hears of itself: whoever the other
one would reach might be the only one to learn of the outage.
"""

from uuid import UUID

from sqlalchemy import select

from app.domain.messages.events import SEVERITIES, is_at_least
from app.domain.rules.conditions import parse
from app.domain.rules.coverage import detects_outages
from app.models.alert_rules import AlertRule
from app.operations.alerts.told import TOLD
from app.operations.snapshots.services import ServiceSnapshot
from app.platform.transaction import Transaction

# Whoever acknowledged or snoozed an alert knows of it without a message. Where an organization has
# nobody to notify, the other alert would reach nobody either.
_IS_HEARD = f"""(
    {TOLD} <> 'none' OR a.status = 'acknowledged' OR coalesce(a.snoozed_until > now(), false)
    OR NOT EXISTS (
        SELECT FROM notification_channels c
        WHERE c.organization_id = a.organization_id AND c.is_enabled
    ) AND NOT EXISTS (
        SELECT FROM escalation_policies p WHERE p.organization_id = a.organization_id
    )
)"""  # noqa: S608  fixed pieces of SQL
# A service is RED only when enough regions fail: one region does not hide the others.
_ROOTS = f"""
SELECT a.id, a.severity, cause.alert_rule_id
FROM alerts cause JOIN services s ON s.id = cause.service_id
JOIN alerts a ON a.id = coalesce(cause.suppressed_by, cause.id)
WHERE cause.service_id = ANY(%s) AND cause.status <> 'resolved' AND s.status = 'RED'
  AND {_IS_HEARD}
ORDER BY cause.fired_at
"""  # noqa: S608  fixed pieces of SQL
_HEARD = f"SELECT {_IS_HEARD} FROM alerts a WHERE a.id = %s"  # noqa: S608
# Severities are edited, and messages fail, while an alert hides others.
_HIDDEN_FROM_ALL = f"""
SELECT child.id FROM alerts child JOIN alerts a ON a.id = child.suppressed_by
WHERE child.status = 'firing' AND a.status <> 'resolved' AND (NOT {_IS_HEARD}
  OR array_position(%(worst_first)s, child.severity) < array_position(%(worst_first)s, a.severity))
"""  # noqa: S608


def root_cause(tx: Transaction, snapshot: ServiceSnapshot, severity: str) -> UUID | None:
    """Return the alert of a failed service that this one depends on, None without one.

    One that may hide an alert of a severity.
    """
    if not snapshot.depends_on:
        return None
    tx.session.flush()
    for root in tx.rows(_ROOTS, (list(snapshot.depends_on),)):
        if is_at_least(root.severity, severity) and is_about_outage(tx, root.alert_rule_id):
            result: UUID = root.id
            return result
    return None


def is_about_outage(tx: Transaction, rule_id: UUID | None) -> bool:
    """Say whether an alert is about an outage: nobody learns of one from a certificate's end."""
    if rule_id is None:
        return False

    def read() -> bool:
        condition = tx.session.scalar(select(AlertRule.condition).where(AlertRule.id == rule_id))
        return condition is not None and detects_outages(parse(condition))

    return tx.known(("tells of outages", rule_id), read)


def is_heard(tx: Transaction, alert_id: UUID) -> bool:
    """Say whether somebody knows of an alert or will be told of it; true where nobody can be."""
    return bool(tx.scalar(_HEARD, (alert_id,)))


def wrongly_hidden(tx: Transaction) -> list[UUID]:
    """Return the alerts that hide behind one which may not hide them any more."""
    result: list[UUID] = tx.scalars(_HIDDEN_FROM_ALL, {"worst_first": list(SEVERITIES)})
    return result
