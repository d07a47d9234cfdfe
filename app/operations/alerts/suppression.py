"""Suppression of alerts of services that depend on a failed one; released if they were real.

Messages about the root cause list the services it hides. The others are stored with their timeline,
and nobody is notified of them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, exists, select, text, update

from app.models.alert_rules import AlertRule
from app.models.alerts import Alert
from app.models.escalation_policies import EscalationLevel
from app.models.services import Service
from app.operations.alerts import messages, timeline
from app.operations.health import quarantine
from app.operations.health.quarantine import WorkKind
from app.operations.notifications import enqueue, payloads
from app.operations.schedule import entries as schedule_entries
from app.operations.snapshots import muted_alerts
from app.operations.snapshots.services import ServiceSnapshot
from app.platform.transaction import Transaction, transaction

# After its root cause has recovered, a hidden service gets this long to show that it has too.
RELEASE_AFTER = timedelta(seconds=10)

# A service is RED only when enough regions fail: one region does not hide the others.
_ROOT = """
SELECT coalesce(a.suppressed_by, a.id) FROM alerts a JOIN services s ON s.id = a.service_id
WHERE a.service_id = ANY(%s) AND a.status <> 'resolved' AND s.status = 'RED'
ORDER BY a.fired_at LIMIT 1
"""
_DESCENDANTS = text("""
WITH RECURSIVE below AS (
    SELECT id FROM services WHERE organization_id = :organization AND :service = ANY(depends_on)
    UNION
    SELECT s.id FROM services s JOIN below b ON b.id = ANY(s.depends_on)
    WHERE s.organization_id = :organization
)
SELECT id FROM below
""")


def root_cause(tx: Transaction, snapshot: ServiceSnapshot) -> UUID | None:
    """Return the alert of a failed service that this one depends on, None without one."""
    if not snapshot.depends_on:
        return None
    tx.session.flush()
    found: UUID | None = tx.scalar(_ROOT, (list(snapshot.depends_on),))
    return found


def claim_children(tx: Transaction, parent: Alert, since: datetime) -> None:
    """Suppress recent alerts of dependent services behind a root cause that failed after them.

    Only those of which nobody was notified yet; any other stays an alert of its own.
    """
    if parent.service_id is None or not _has_dependencies(tx, parent.organization_id):
        return
    if not _is_red(tx, parent.service_id):
        return
    below = tx.session.scalars(
        _DESCENDANTS, {"organization": parent.organization_id, "service": parent.service_id}
    ).all()
    if not below:
        return
    tx.session.flush()
    root_id = parent.suppressed_by or parent.id
    children = tx.session.scalars(
        select(Alert)
        .where(
            Alert.service_id.in_(below),
            Alert.status == "firing",
            Alert.suppressed_by.is_(None),
            Alert.fired_at >= since,
            Alert.id.not_in((parent.id, root_id)),
        )
        .with_for_update(key_share=True, skip_locked=True)
    ).all()
    for child in children:
        rows = enqueue.active(tx, child.id)
        if not all(enqueue.is_untouched(tx, row) for row in rows):
            continue
        # Taken back altogether: an alert that is released is planned anew, under the same names.
        for row in rows:
            tx.session.delete(row)
        tx.session.execute(delete(EscalationLevel).where(EscalationLevel.alert_id == child.id))
        child.suppressed_by, child.next_reminder_at = root_id, None
        child.untold_reason = None
        # What it hid itself so far has the same cause.
        tx.session.execute(
            update(Alert)
            .where(Alert.suppressed_by == child.id, Alert.status != "resolved")
            .values(suppressed_by=root_id)
        )
        timeline.note(tx, child, "suppressed", text=f"{parent.service_name} is down")
        timeline.publish(tx, child, "alert.suppressed")
    _name_hidden(tx, root_id)


def _name_hidden(tx: Transaction, root_id: UUID) -> None:
    """Write what a root cause hides into the messages about it that are not being sent yet."""
    tx.session.flush()
    root = tx.session.get_one(Alert, root_id)
    hidden = payloads.stored({"hidden_services": payloads.hidden_services(tx, root)})
    for row in enqueue.active(tx, root_id):
        if enqueue.is_untouched(tx, row):
            row.message = {**row.message, **hidden}


def _has_dependencies(tx: Transaction, organization_id: UUID) -> bool:
    """Say whether any service of an organization depends on another."""
    query = select(
        exists().where(Service.organization_id == organization_id, Service.depends_on != [])
    )
    key = ("dependencies", organization_id)
    return tx.known(key, lambda: bool(tx.session.scalar(query)))


def _is_red(tx: Transaction, service_id: UUID) -> bool:
    return tx.session.scalar(select(Service.status).where(Service.id == service_id)) == "RED"


def after_resolve(tx: Transaction, root: Alert) -> None:
    """Check the services at once that a root cause has hidden: most have recovered with it."""
    if not _has_dependencies(tx, root.organization_id):
        return
    tx.session.flush()
    hidden = tx.session.scalars(
        select(Alert.service_id).where(Alert.suppressed_by == root.id, Alert.status != "resolved")
    ).all()
    schedule_entries.recheck(tx, [service_id for service_id in hidden if service_id is not None])


def release() -> int:
    """Notify of suppressed alerts that outlived their root cause; return how many."""
    with transaction() as tx:
        now = tx.now()
        root = select(Alert.id).where(
            Alert.status == "resolved", Alert.resolved_at < now - RELEASE_AFTER
        )
        is_left = (Alert.status == "firing", Alert.suppressed_by.in_(root))
        left = tx.session.scalars(
            select(Alert.id).where(
                *is_left, Alert.id.not_in(quarantine.resting(tx, WorkKind.SUPPRESSION))
            )
        ).all()
        ids = muted_alerts.unmuted(tx, left)[:100] if left else []
    return quarantine.each_apart(WorkKind.SUPPRESSION, ids, _release_left)


def _release_left(ids: Sequence[UUID]) -> None:
    with transaction() as tx:
        now = tx.now()
        for alert in tx.session.scalars(
            select(Alert)
            .where(Alert.id.in_(ids), Alert.status == "firing", Alert.suppressed_by.is_not(None))
            .with_for_update(key_share=True, skip_locked=True)
        ).all():
            _release(tx, alert, now, "its root cause has recovered, it has not")


def release_from(tx: Transaction, service_ids: Sequence[UUID], *, reason: str) -> None:
    """Notify of alerts that are suppressed behind those of services about to be deleted."""
    # A worker may be hiding one more at this moment: wait for it, then let nobody in.
    tx.driver.execute(
        "SELECT id FROM alerts WHERE service_id = ANY(%s) ORDER BY id FOR UPDATE",
        (list(service_ids),),
    )
    now = tx.now()
    roots = select(Alert.id).where(Alert.service_id.in_(service_ids))
    for alert in tx.session.scalars(
        select(Alert)
        .where(Alert.status == "firing", Alert.suppressed_by.in_(roots))
        .order_by(Alert.id)
        .with_for_update(key_share=True)
    ):
        _release(tx, alert, now, reason)
    tx.session.flush()


def _release(tx: Transaction, alert: Alert, now: datetime, reason: str) -> None:
    alert.suppressed_by = None
    timeline.note(tx, alert, "released", text=reason)
    rule = tx.session.get(AlertRule, alert.alert_rule_id) if alert.alert_rule_id else None
    messages.enqueue_fired(
        tx,
        alert,
        tuple(rule.notification_channel_ids) if rule else (),
        rule.escalation_policy_id if rule else None,
        rule.reminder_interval_minutes if rule else None,
        now,
    )
    timeline.publish(tx, alert, "alert.fired")
