"""Suppression of alerts of services that depend on a failed one; released if they were real.

Messages about the root cause list the services it hides. The others are stored with their timeline,
and nobody is notified of them.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, exists, select, text, update

from app.domain.messages.events import is_at_least
from app.models.alert_rules import AlertRule
from app.models.alerts import Alert
from app.models.escalation_policies import EscalationLevel
from app.models.services import Service
from app.operations.alerts import messages, root_causes, timeline
from app.operations.health import quarantine
from app.operations.health.quarantine import WorkKind
from app.operations.notifications import enqueue, payloads
from app.operations.schedule import entries as schedule_entries
from app.operations.snapshots import muted_alerts
from app.platform.transaction import Transaction, transaction

# After its root cause has recovered, a hidden service gets this long to show that it has too.
RELEASE_AFTER = timedelta(seconds=10)

# An alert may outlive the outage it told of: its rule leaves its end to people, or looks at
# something else as well. Whoever was hidden has been checked since then, and fails still.
_OUTLIVED = """
SELECT child.id FROM alerts child
JOIN alerts root ON root.id = child.suppressed_by
JOIN services cause ON cause.id = root.service_id
WHERE child.status = 'firing' AND root.status <> 'resolved' AND NOT root.is_flapping
  AND cause.status IN ('GREEN', 'YELLOW') AND cause.status_changed_at < now() - %(patience)s
  AND EXISTS (SELECT FROM schedule_entries e WHERE e.service_id = child.service_id
      AND e.last_checked_at > cause.status_changed_at)
"""
_ANCESTORS = """
WITH RECURSIVE above AS (
    SELECT s.id AS below, unnest(s.depends_on) AS id FROM services s
    WHERE s.organization_id = %(organization)s AND s.id = ANY(%(services)s)
    UNION
    SELECT above.below, unnest(s.depends_on) FROM services s JOIN above ON above.id = s.id
)
SELECT a.id FROM alerts a JOIN alerts root ON root.id = a.suppressed_by
WHERE a.service_id = ANY(%(services)s) AND a.status = 'firing'
  AND NOT EXISTS (SELECT FROM above WHERE below = a.service_id AND above.id = root.service_id)
"""
_LOCK_BEHIND = """
SELECT id FROM alerts WHERE organization_id = %(organization)s AND (
    service_id = ANY(%(services)s) OR (suppressed_by IS NOT NULL AND status = 'firing')
) ORDER BY id FOR NO KEY UPDATE
"""
_PENDING = """
FROM notifications n JOIN alerts a ON a.id = n.alert_id
WHERE a.service_id = ANY(%(services)s) AND n.status = 'pending'
"""
_LOCK_PENDING = f"SELECT n.id {_PENDING} ORDER BY n.created_at, n.id FOR NO KEY UPDATE OF n"
# Hidden behind those alerts, or about them, since the others were locked.
_SINCE = f"""
SELECT EXISTS (
    SELECT FROM alerts child JOIN alerts root ON root.id = child.suppressed_by
    WHERE root.service_id = ANY(%(services)s) AND child.status = 'firing'
      AND child.id <> ALL(%(alerts)s)
) OR EXISTS (SELECT {_PENDING} AND n.id <> ALL(%(messages)s))
"""  # noqa: S608  constants
_DESCENDANTS = text("""
WITH RECURSIVE below AS (
    SELECT id FROM services WHERE organization_id = :organization AND :service = ANY(depends_on)
    UNION
    SELECT s.id FROM services s JOIN below b ON b.id = ANY(s.depends_on)
    WHERE s.organization_id = :organization
)
SELECT id FROM below
""")


def claim_children(tx: Transaction, parent: Alert, since: datetime) -> None:
    """Suppress recent alerts of dependent services behind a root cause that failed after them.

    Only those of which nobody was notified yet; any other stays an alert of its own.
    """
    if parent.service_id is None or not _has_dependencies(tx, parent.organization_id):
        return
    if not _is_red(tx, parent.service_id):
        return
    if not root_causes.is_about_outage(tx, parent.alert_rule_id):
        return
    below = tx.session.scalars(
        _DESCENDANTS, {"organization": parent.organization_id, "service": parent.service_id}
    ).all()
    if not below:
        return
    tx.session.flush()
    root_id = parent.suppressed_by or parent.id
    if not root_causes.is_heard(tx, root_id):
        return
    severity = tx.session.get_one(Alert, root_id).severity
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
        if not is_at_least(severity, child.severity):
            continue
        if not all(enqueue.is_untouched(tx, row) for row in rows):
            continue
        # Taken back altogether: an alert that is released is enqueued anew, under the same names.
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
    # One that is locked is being sent, or its alert, which may not be ours, is in other hands.
    for row in enqueue.all_of_alert(tx, root_id, skip_locked=True):
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
        left = list(tx.session.scalars(select(Alert.id).where(*is_left)))
        left += tx.scalars(_OUTLIVED, {"patience": RELEASE_AFTER})
        left += root_causes.wrongly_hidden(tx)
        resting = set(quarantine.resting(tx, WorkKind.SUPPRESSION))
        ids = muted_alerts.unmuted(tx, [id for id in left if id not in resting])[:100]
    return quarantine.each_apart(WorkKind.SUPPRESSION, ids, _release_left)


def _release_left(ids: Sequence[UUID]) -> None:
    with transaction() as tx:
        now = tx.now()
        for alert in tx.session.scalars(
            select(Alert)
            .where(Alert.id.in_(ids), Alert.status == "firing", Alert.suppressed_by.is_not(None))
            .with_for_update(key_share=True, skip_locked=True)
        ).all():
            _release(tx, alert, now, _why_left(tx, alert))


def _why_left(tx: Transaction, alert: Alert) -> str:
    """Return why an alert is hidden no longer; its root cause need not have recovered."""
    root = tx.session.get_one(Alert, alert.suppressed_by)
    if not is_at_least(root.severity, alert.severity):
        return f"the alert of {root.service_name}, which hid it, is less severe"
    status = tx.session.scalar(select(Service.status).where(Service.id == root.service_id))
    if status == "RED" and root.status != "resolved":
        return f"nobody hears of the alert of {root.service_name}, which hid it"
    if status == "RED":
        return f"the alert of {root.service_name}, which hid it, is over"
    return "its root cause has recovered, it has not"


def release_independent(tx: Transaction, service_ids: Sequence[UUID]) -> None:
    """Tell of what is hidden behind services that these, edited, and those below need no more."""
    if not service_ids:
        return
    organization_id = tx.session.get_one(Service, service_ids[0]).organization_id
    concerned = set(service_ids)
    for id in service_ids:
        below = {"organization": organization_id, "service": id}
        concerned |= set(tx.session.scalars(_DESCENDANTS, below))
    values = {"organization": organization_id, "services": sorted(concerned)}
    ids = tx.scalars(_ANCESTORS, values)
    if not ids:
        return
    now = tx.now()
    for alert in tx.session.scalars(
        select(Alert)
        .where(Alert.id.in_(ids), Alert.status == "firing", Alert.suppressed_by.is_not(None))
        .order_by(Alert.id)
        .with_for_update(key_share=True)
    ):
        _release(tx, alert, now, "it does not depend any more on what hid it")
    tx.session.flush()


def lock_behind(tx: Transaction, organization_id: UUID, service_ids: Sequence[UUID]) -> None:
    """Lock the alerts of services about to be deleted, and what an organization hides, in order.

    No alert can be hidden behind those any more.
    """
    values = {"organization": organization_id, "services": list(service_ids)}
    while True:
        attempt = tx.session.begin_nested()
        locked = tx.scalars(_LOCK_BEHIND, values)
        messages_locked = tx.scalars(_LOCK_PENDING, values)  # a sender may add to their timelines
        # A worker may be hiding one more at this moment: wait for it, then let nobody in.
        tx.driver.execute(
            "SELECT FROM alerts WHERE service_id = ANY(%(services)s) ORDER BY id FOR UPDATE", values
        )
        since = {**values, "alerts": locked, "messages": messages_locked}
        if not tx.scalar(_SINCE, since):
            attempt.commit()
            return
        attempt.rollback()


def release_from(tx: Transaction, service_ids: Sequence[UUID], *, reason: str) -> None:
    """Notify of alerts that are suppressed behind those of services about to be deleted."""
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
        muted_alerts.until(tx, alert),
    )
    timeline.publish(tx, alert, "alert.fired")
