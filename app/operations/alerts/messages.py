"""Messages about alerts: who is notified of a beginning, of what follows, and of the end.

Whoever was notified of the beginning is notified of the end, whatever was edited meanwhile, and
nobody else is.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.domain.messages.events import BEGINNINGS, wanted
from app.domain.rules import transitions as decisions
from app.domain.rules.transitions import AlertStatus
from app.models.alerts import Alert
from app.models.members import Membership
from app.models.notification_channels import Notification, NotificationChannel
from app.operations.alerts import timeline
from app.operations.escalation import levels as escalation_levels
from app.operations.escalation import recipients as escalation_recipients
from app.operations.notifications import enqueue, last_resort, newcomers
from app.operations.notifications.enqueue import Recipient
from app.platform.transaction import Transaction

_SENT = ("sent", "digested")


def enqueue_fired(
    tx: Transaction,
    alert: Alert,
    channel_ids: Sequence[UUID],
    policy_id: UUID | None,
    reminder_minutes: int | None,
    now: datetime,
    hold_until: datetime | None = None,
) -> None:
    """Enqueue the first messages of a firing alert; start its escalation, plan its reminder.

    One that was snoozed while another hid it is told of by the end of its snooze.
    """
    if alert.snoozed_until is not None and alert.snoozed_until <= now:
        alert.snoozed_until = None
    alert.next_reminder_at = decisions.next_reminder_at(
        AlertStatus.FIRING, alert.fired_at, now, reminder_minutes, alert.snoozed_until
    )
    if alert.snoozed_until is not None:
        escalation_levels.start(tx, alert, policy_id, alert.snoozed_until)
        return
    recipients = enqueue.channels_for(
        tx, alert.organization_id, "alert.fired", alert.severity, now, channel_ids
    )
    enqueue.alert_event(tx, alert, "alert.fired", recipients, now, hold_until=hold_until)
    escalates = escalation_levels.start(tx, alert, policy_id, hold_until or now)
    if not recipients and not escalates:
        last_resort.enqueue_for_owners(
            tx, alert, "alert.fired", now, channel_ids=channel_ids, hold_until=hold_until
        )


def enqueue_flapping(
    tx: Transaction, alert: Alert, now: datetime, hold_until: datetime | None = None
) -> None:
    """Notify the channels that heard of an alert that its service flaps, once an episode.

    Not while it is snoozed: its end notifies them of what still fires.
    """
    if alert.snoozed_until is not None and alert.snoozed_until > now:
        return
    recipients = _notified_channels(tx, alert, "alert.fired", now)
    # One step for each episode: a service may calm down and flap again under the same alert.
    step = enqueue.step_at(now)
    enqueue.alert_event(tx, alert, "alert.fired", recipients, now, step=step, hold_until=hold_until)


def enqueue_severity(
    tx: Transaction,
    alert: Alert,
    severity: str,
    channel_ids: Sequence[UUID],
    now: datetime,
    *,
    hold_until: datetime | None = None,
) -> None:
    """Give an open alert another severity, and notify whoever would be notified of it only now."""
    if severity == alert.severity:
        return
    timeline.note(tx, alert, "severity_changed", text=f"{alert.severity} → {severity}", at=now)
    alert.severity = severity
    if alert.suppressed_by is not None:
        return
    newcomers.enqueue_newcomers(tx, alert, channel_ids, now, hold_until=hold_until)


def enqueue_acknowledged(
    tx: Transaction, alert: Alert, now: datetime, *, actor: str, note: str | None
) -> None:
    """Withdraw what is not due yet, and notify the channels that were notified of the alert."""
    withdraw_not_due(tx, alert, now)
    recipients = _notified_channels(tx, alert, "alert.acknowledged", now)
    enqueue.alert_event(tx, alert, "alert.acknowledged", recipients, now, actor=actor, note=note)


def enqueue_snooze_end(
    tx: Transaction, alert: Alert, channel_ids: Sequence[UUID], now: datetime
) -> None:
    """Notify again of an alert that still fires after its snooze.

    Channels that would be notified of it now, and people who were notified or were about to be;
    where there is nobody of them any more, fallbacks or owners.
    """
    rows = _beginnings(enqueue.all_of_alert(tx, alert.id))
    key_of = escalation_recipients.key_of
    waiting = {key_of(row) for row in rows if row.status == "pending"}
    people = {
        key_of(row): Recipient(
            row.recipient_key,
            contact=row.contact,
            # Where a contact's own delay had not run out, it runs anew.
            not_before=None if row.attempts else now + (row.next_try_at - row.created_at),
        )
        for row in rows
        if row.contact is not None
    }
    people = {
        key: recipient
        for key, recipient in _members_only(tx, alert, people).items()
        if key not in waiting
    }
    channels = {
        event: enqueue.channels_for(
            tx, alert.organization_id, event, alert.severity, now, channel_ids
        )
        for event in ("alert.reminder", "alert.fired")
    }
    reminded = {recipient.key for recipient in channels["alert.reminder"]}
    first = [recipient for recipient in channels["alert.fired"] if recipient.key not in reminded]
    step = max(int((now - alert.fired_at).total_seconds() // 60), 1)
    is_told = bool(waiting)
    for event, recipients in (
        ("alert.reminder", channels["alert.reminder"]),
        ("alert.fired", first),  # they do not listen to reminders
    ):
        again = [recipient for recipient in recipients if recipient.key not in waiting]
        if event == "alert.reminder":
            again += people.values()
        enqueue.alert_event(tx, alert, event, again, now, step=step)
        is_told = is_told or bool(again)
    if not is_told and not escalation_levels.pending_of(tx, alert.id):
        last_resort.enqueue_for_owners(
            tx, alert, "alert.fired", now, channel_ids=channel_ids, was_told=True, step=step
        )


def enqueue_resolved(
    tx: Transaction,
    alert: Alert,
    now: datetime,
    *,
    actor: str | None,
    closed_because: str | None,
    hold_until: datetime | None,
) -> None:
    """Notify everybody who was notified of an alert that it is over, once and in order.

    A recipient whose firing message is due and unsent gets one combined message instead. A
    contact whose own delay has not run out gets neither.
    """
    by_recipient: dict[str, list[Notification]] = defaultdict(list)
    for row in _beginnings(enqueue.active(tx, alert.id)):
        by_recipient[escalation_recipients.key_of(row)].append(row)
    ends = _ends(tx, alert, by_recipient, now)
    is_told = False
    for key, rows in by_recipient.items():
        if key not in ends:
            is_told = True  # of the beginning; it does not listen to the end
            continue
        in_flight = hears_of_it = False
        for row in rows:
            hears_of_it = hears_of_it or not _waits_for_its_delay(row, now)
            if enqueue.is_untouched(tx, row):
                row.status = "cancelled"
            in_flight = in_flight or row.status == "pending"
        was_told = in_flight or any(row.status in _SENT for row in rows)
        if not was_told and not hears_of_it:
            continue
        is_told = True
        enqueue.alert_event(
            tx,
            alert,
            "alert.resolved",
            [ends[key]],
            now,
            hold_until=hold_until,
            combined=not was_told,
            actor=actor,
            closed_because=closed_because,
        )
    if not is_told and alert.untold_reason is None:
        reason = "it was over before anybody was to be told"
        if alert.suppressed_by is not None:
            reason = "it was over while another alert hid it"
        alert.untold_reason = reason
        timeline.note(tx, alert, "untold", text=f"nobody was told: {reason}", at=now)


def withdraw_not_due(tx: Transaction, alert: Alert, now: datetime) -> None:
    """Withdraw first messages that are not due yet: of delayed contacts and in quiet hours."""
    for row in _beginnings(enqueue.active(tx, alert.id)):
        if row.attempts == 0 and row.next_try_at > now and enqueue.is_untouched(tx, row):
            row.status = "cancelled"


def _waits_for_its_delay(row: Notification, now: datetime) -> bool:
    return row.contact is not None and row.attempts == 0 and row.next_try_at > now


def _beginnings(rows: Iterable[Notification]) -> list[Notification]:
    return [row for row in rows if row.kind in BEGINNINGS]


def _notified_channels(tx: Transaction, alert: Alert, event: str, now: datetime) -> list[Recipient]:
    """Return the enabled channels that were notified of an alert and subscribe to an event."""
    heard = [row.channel_id for row in enqueue.active(tx, alert.id) if row.channel_id is not None]
    return [
        Recipient(
            f"channel:{channel.id}",
            channel_id=channel.id,
            not_before=enqueue.quiet_until(channel, alert.severity, now),
        )
        for channel in _channels(tx, heard)
        if channel.is_enabled and event in wanted(channel.events)
    ]


def _ends(
    tx: Transaction, alert: Alert, rows: dict[str, list[Notification]], now: datetime
) -> dict[str, Recipient]:
    """Return who of those with a first message is notified of the end, by key.

    Channels that subscribe to recoveries, enabled or not and of whatever severity; people who are
    still members.
    """
    people = {
        key: Recipient(found[-1].recipient_key, contact=found[-1].contact)
        for key, found in rows.items()
        if found[0].contact is not None
    }
    ids = [found[0].channel_id for found in rows.values() if found[0].channel_id is not None]
    channels = {
        f"channel:{channel.id}": Recipient(
            f"channel:{channel.id}",
            channel_id=channel.id,
            not_before=enqueue.quiet_until(channel, alert.severity, now),
        )
        for channel in _channels(tx, ids)
        if "alert.resolved" in wanted(channel.events)
    }
    return _members_only(tx, alert, people) | channels


def _channels(tx: Transaction, ids: Sequence[UUID]) -> list[NotificationChannel]:
    if not ids:
        return []
    return list(
        tx.session.scalars(
            select(NotificationChannel)
            .where(NotificationChannel.id.in_(ids))
            .order_by(NotificationChannel.created_at, NotificationChannel.id)
            .with_for_update(read=True, key_share=True)
        )
    )


def _members_only(
    tx: Transaction, alert: Alert, people: dict[str, Recipient]
) -> dict[str, Recipient]:
    """Leave out people who are no members any more."""
    if not people:
        return {}
    ids = {key: UUID(key.split(":")[1]) for key in people}
    members = set(
        tx.session.scalars(
            select(Membership.user_id).where(
                Membership.organization_id == alert.organization_id,
                Membership.user_id.in_(ids.values()),
            )
        )
    )
    return {key: recipient for key, recipient in people.items() if ids[key] in members}
