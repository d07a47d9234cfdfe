"""Fold the messages of a storm: one digest a channel in place of a message for each alert."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from app.domain import storms
from app.domain.storms import ALERTS_A_MINUTE, CALM_AFTER, WINDOW, Digest, Pending, StormState
from app.models.alerts import Alert
from app.models.notification_channels import Notification, NotificationChannel
from app.operations import occasions
from app.operations.outbox_plan import DIGEST, is_digest
from app.transaction import Transaction

Claimed = tuple[Notification, NotificationChannel | None]

STATUS_CHANGED = "service.status_changed"
_FOLDED_KINDS = ("alert.fired", "alert.resolved")
# Systems that keep incidents fold by themselves, and need every opening and closing.
_KEEP_INCIDENTS = ("pagerduty", "opsgenie")


def fold(tx: Transaction, rows: Sequence[Claimed], now: datetime) -> list[Claimed]:
    """Return which of the claimed rows are sent; in a storm some become a digest or wait."""
    alerts: dict[UUID, list[Notification]] = defaultdict(list)
    colours: dict[UUID, list[Notification]] = defaultdict(list)
    for row, channel in rows:
        # A digest that is tried again goes out as it is: folded once more, it would forget whom it
        # stands for.
        if channel is None or channel.type in _KEEP_INCIDENTS or is_digest(row):
            continue
        if row.kind in _FOLDED_KINDS and row.alert_id is not None:
            alerts[row.organization_id].append(row)
        elif row.kind == STATUS_CHANGED:
            colours[channel.id].append(row)
    gone: set[UUID] = set()
    for organization_id, candidates in alerts.items():
        state = _state_of_alerts(tx, organization_id, now)
        if state.is_on(now):
            gone |= _fold(tx, candidates, state, now)
    for channel_id, candidates in colours.items():
        state = _state_of_channel(tx, channel_id, now)
        if state.is_on(now):
            gone |= _fold(tx, candidates, state, now)
    return [(row, channel) for row, channel in rows if row.id not in gone]


def _state_of_alerts(tx: Transaction, organization_id: UUID, now: datetime) -> StormState:
    return _state(
        tx.session.scalars(
            select(Alert.fired_at).where(
                Alert.organization_id == organization_id,
                Alert.fired_at > now - CALM_AFTER - WINDOW,
            )
        )
    )


def _state_of_channel(tx: Transaction, channel_id: UUID, now: datetime) -> StormState:
    """Return the storm of colours that a channel is in: they are planned as they change."""
    return _state(
        tx.session.scalars(
            select(Notification.created_at).where(
                Notification.channel_id == channel_id,
                Notification.kind == STATUS_CHANGED,
                Notification.created_at > now - CALM_AFTER - WINDOW,
            )
        )
    )


def _state(moments: Iterable[datetime]) -> StormState:
    times = sorted(moments)
    excess = [
        later
        for earlier, later in zip(times, times[ALERTS_A_MINUTE:], strict=False)
        if later - earlier < WINDOW
    ]
    return StormState(excess[-1] if excess else None)


def _fold(
    tx: Transaction, candidates: Sequence[Notification], state: StormState, now: datetime
) -> set[UUID]:
    """Apply the plan of each channel and kind; return the rows that are not sent by themselves."""
    groups: dict[tuple[UUID, str], list[Notification]] = defaultdict(list)
    for row in candidates:
        if row.channel_id is not None:
            groups[row.channel_id, row.kind].append(row)
    gone: set[UUID] = set()
    for (channel_id, kind), rows in groups.items():
        plan = storms.plan(
            state, [_pending(row) for row in rows], _last_digest_at(tx, channel_id, kind), now
        )
        by_id = {row.id: row for row in rows}
        for digest in plan.digests:
            first, *others = (by_id[id] for id in digest.replaces)
            if kind == STATUS_CHANGED:
                first.message = _message_of_colours(tx, rows, digest)
            else:
                first.message = _message_of_alerts(tx, first.organization_id, digest.subject_ids)
            first.severity = digest.severity
            for row in others:
                row.status, row.lease_token, row.lease_until = "digested", None, None
                gone.add(row.id)
        if plan.wait_until is not None:
            kept = {message.id for message in plan.single}
            for row in rows:
                if row.id not in kept:
                    row.lease_token, row.lease_until = None, None
                    row.attempts, row.next_try_at = row.attempts - 1, plan.wait_until
                    gone.add(row.id)
    return gone


def _pending(row: Notification) -> Pending:
    assert row.channel_id is not None
    about = row.message.get("alert") or {}
    service = row.message.get("service") or {}
    return Pending(
        id=row.id,
        subject_id=row.alert_id or UUID(service["id"]),
        channel_id=row.channel_id,
        severity=row.severity,
        service_name=str(about.get("service_name") or service.get("name") or ""),
        created_at=row.created_at,
    )


def _last_digest_at(tx: Transaction, channel_id: UUID, kind: str) -> datetime | None:
    return tx.session.scalar(
        select(func.max(Notification.sent_at)).where(
            Notification.channel_id == channel_id,
            Notification.kind == kind,
            Notification.created_at > func.now() - storms.CALM_AFTER,
            Notification.message["event"].as_string() == DIGEST,
        )
    )


def _message_of_alerts(
    tx: Transaction, organization_id: UUID, alert_ids: Sequence[UUID]
) -> dict[str, object]:
    found = {
        alert.id: occasions.columns(alert)
        for alert in tx.session.scalars(select(Alert).where(Alert.id.in_(alert_ids)))
    }
    rows = [found[alert_id] for alert_id in alert_ids if alert_id in found]
    message: dict[str, object] = occasions.of_organization(tx, organization_id, DIGEST, alerts=rows)
    return message


def _message_of_colours(
    tx: Transaction, rows: Sequence[Notification], digest: Digest
) -> dict[str, object]:
    told = {row.message["service"]["id"]: row.message for row in rows}
    changes = [
        {**told[str(id)]["service"], "from_status": told[str(id)]["from_status"]}
        for id in digest.subject_ids
    ]
    message: dict[str, object] = occasions.of_organization(
        tx, rows[0].organization_id, DIGEST, changes=changes, severity=digest.severity
    )
    return message
