"""Digests of a storm: one a channel, or owner, in place of a message for each alert."""

from collections import defaultdict
from collections.abc import Callable, Sequence, Set
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, select

from app.channels import CHANNEL_TYPES
from app.domain.delivery import storms
from app.domain.delivery.storms import CALM_AFTER, WINDOW, Digest, Pending, Storm
from app.models.alerts import Alert
from app.models.notification_channels import Notification, NotificationChannel
from app.operations.notifications import payloads
from app.operations.notifications.enqueue import DIGEST, is_digest
from app.operations.notifications.last_resort import OWNER
from app.platform.transaction import Transaction

ClaimedMessage = tuple[Notification, NotificationChannel | None]

STATUS_CHANGED = "service.status_changed"
_FOLDED_KINDS = ("alert.fired", "alert.resolved")


def fold(
    tx: Transaction,
    rows: Sequence[ClaimedMessage],
    now: datetime,
    claim_more: Callable[[Notification], Sequence[ClaimedMessage]],
) -> list[ClaimedMessage]:
    """Return which of the claimed rows are sent; in a storm some become a digest or wait.

    `claim_more` claims whatever else is due to the same recipient of the same kind, for a digest to
    be whole.
    """
    groups: dict[tuple[UUID, str, str], list[Notification]] = defaultdict(list)
    for row, channel in rows:
        if _may_be_folded(row, channel):
            groups[row.organization_id, row.recipient_key, row.kind].append(row)
    every, gone = list(rows), set[UUID]()
    for waiting in groups.values():
        storm = _storm(tx, waiting[0], now)
        if storm is None:
            continue
        sent_at = _last_sent_at(tx, waiting, now)
        evaluation = storms.evaluate(storm, [_pending(row) for row in waiting], sent_at, now)
        if evaluation.digest is not None:
            more = claim_more(waiting[0])
            every += more
            waiting += [row for row, _ in more if not is_digest(row)]
            evaluation = storms.evaluate(storm, [_pending(row) for row in waiting], sent_at, now)
        gone |= _apply(tx, evaluation, waiting)
    return [(row, channel) for row, channel in every if row.id not in gone]


def _may_be_folded(row: Notification, channel: NotificationChannel | None) -> bool:
    # Of people, owners alone: they are told of all that nobody else hears of.
    if channel is None and not row.recipient_key.endswith(OWNER):
        return False
    # A digest that is tried again goes out as it is: folded once more, it would forget whom it
    # stands for.
    # Systems that keep incidents fold by themselves, and need every opening and closing.
    keeps_incidents = channel is not None and CHANNEL_TYPES[channel.type].keeps_incidents
    if keeps_incidents or is_digest(row):
        return False
    return (row.kind in _FOLDED_KINDS and row.alert_id is not None) or row.kind == STATUS_CHANGED


def _storm(tx: Transaction, row: Notification, now: datetime) -> Storm | None:
    """Return the storm that a message falls into: of alerts, or of one channel's statuses."""
    since = now - CALM_AFTER - WINDOW
    if row.kind == STATUS_CHANGED:
        moments = select(Notification.created_at).where(
            Notification.channel_id == row.channel_id,
            Notification.kind == STATUS_CHANGED,
            Notification.created_at > since,
        )
    else:
        moments = select(Alert.fired_at).where(
            Alert.organization_id == row.organization_id, Alert.fired_at > since
        )
    storm = storms.latest(tx.session.scalars(moments))
    return storm if storm is not None and storm.is_on(now) else None


def _last_sent_at(
    tx: Transaction, waiting: Sequence[Notification], now: datetime
) -> datetime | None:
    """Return when a storm last let a message through to the recipient; now, if it is being sent.

    One that went out before it was a storm, however shortly, keeps nothing waiting.
    """
    first = waiting[0]
    in_the_air = case((Notification.lease_until > now, now))
    return tx.session.scalar(
        select(func.max(func.coalesce(Notification.sent_at, in_the_air))).where(
            Notification.organization_id == first.organization_id,
            Notification.recipient_key == first.recipient_key,
            Notification.kind == first.kind,
            Notification.status.in_(("sent", "pending")),
            Notification.created_at > now - CALM_AFTER,
            Notification.in_storm,
            Notification.id.not_in([row.id for row in waiting]),
        )
    )


def _apply(
    tx: Transaction, evaluation: storms.StormEvaluation, waiting: Sequence[Notification]
) -> set[UUID]:
    """Apply the evaluation for a recipient; return the rows that are not sent by themselves."""
    gone: set[UUID] = set()
    for row in waiting:
        row.in_storm = evaluation.wait_until is None
    if evaluation.digest is not None:
        by_id = {row.id: row for row in waiting}
        first, *others = (by_id[id] for id in evaluation.digest.replaces)
        if first.kind == STATUS_CHANGED:
            first.message = _message_of_statuses(tx, waiting, evaluation.digest)
        else:
            combined = {row.alert_id for row in waiting if row.message.get("combined")}
            ids = evaluation.digest.subject_ids
            first.message = _message_of_alerts(tx, first.organization_id, ids, combined)
        first.severity = evaluation.digest.severity
        for row in others:
            row.status, row.lease_token, row.lease_until = "digested", None, None
            gone.add(row.id)
    elif evaluation.wait_until is not None:
        for row in waiting:
            row.lease_token, row.lease_until = None, None
            row.attempts, row.next_try_at = row.attempts - 1, evaluation.wait_until
            gone.add(row.id)
    return gone


def _pending(row: Notification) -> Pending:
    about = row.message.get("alert") or {}
    service = row.message.get("service") or {}
    return Pending(
        id=row.id,
        subject_id=row.alert_id or UUID(service["id"]),
        severity=row.severity,
        service_name=str(about.get("service_name") or service.get("name") or ""),
        created_at=row.created_at,
    )


def _message_of_alerts(
    tx: Transaction, organization_id: UUID, alert_ids: Sequence[UUID], combined: Set[UUID | None]
) -> dict[str, object]:
    """Return the digest of alerts; those in `combined` fired and ended unknown to the recipient."""
    found = {
        alert.id: payloads.columns(alert) | ({"combined": True} if alert.id in combined else {})
        for alert in tx.session.scalars(select(Alert).where(Alert.id.in_(alert_ids)))
    }
    rows = [found[alert_id] for alert_id in alert_ids if alert_id in found]
    message: dict[str, object] = payloads.of_organization(tx, organization_id, DIGEST, alerts=rows)
    return message


def _message_of_statuses(
    tx: Transaction, rows: Sequence[Notification], digest: Digest
) -> dict[str, object]:
    told = {row.message["service"]["id"]: row.message for row in rows}
    changes = [
        {**told[str(id)]["service"], "from_status": told[str(id)]["from_status"]}
        for id in digest.subject_ids
    ]
    message: dict[str, object] = payloads.of_organization(
        tx, rows[0].organization_id, DIGEST, changes=changes, severity=digest.severity
    )
    return message
