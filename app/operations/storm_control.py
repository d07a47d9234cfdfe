"""Fold the messages of a storm: one digest a channel in place of a message for each alert."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from app.domain import storms
from app.domain.storms import ALERTS_A_MINUTE, CALM_AFTER, WINDOW, Pending, StormState
from app.models.alerts import Alert
from app.models.notification_channels import Notification, NotificationChannel
from app.operations import occasions
from app.transaction import Transaction

Claimed = tuple[Notification, NotificationChannel | None]

DIGEST = "digest"
_FOLDED_KINDS = ("alert.fired", "alert.resolved")
# Systems that keep incidents fold by themselves, and need every opening and closing.
_KEEP_INCIDENTS = ("pagerduty", "opsgenie")


def fold(tx: Transaction, rows: Sequence[Claimed], now: datetime) -> list[Claimed]:
    """Return which of the claimed rows are sent; in a storm some become a digest or wait."""
    by_organization: dict[UUID, list[Claimed]] = defaultdict(list)
    for row, channel in rows:
        if row.kind in _FOLDED_KINDS and channel and channel.type not in _KEEP_INCIDENTS:
            by_organization[row.organization_id].append((row, channel))
    gone: set[UUID] = set()
    for organization_id, candidates in by_organization.items():
        state = _state(tx, organization_id, now)
        if state.is_on(now):
            gone |= _fold_organization(tx, organization_id, candidates, state, now)
    return [(row, channel) for row, channel in rows if row.id not in gone]


def _state(tx: Transaction, organization_id: UUID, now: datetime) -> StormState:
    fired = sorted(
        tx.session.scalars(
            select(Alert.fired_at).where(
                Alert.organization_id == organization_id,
                Alert.fired_at > now - CALM_AFTER - WINDOW,
            )
        )
    )
    excess = [
        later
        for earlier, later in zip(fired, fired[ALERTS_A_MINUTE:], strict=False)
        if later - earlier < WINDOW
    ]
    return StormState(excess[-1] if excess else None)


def _fold_organization(
    tx: Transaction,
    organization_id: UUID,
    candidates: Sequence[Claimed],
    state: StormState,
    now: datetime,
) -> set[UUID]:
    """Apply the plan of each channel and kind; return the rows that are not sent by themselves."""
    groups: dict[tuple[UUID, str], list[Notification]] = defaultdict(list)
    for row, _ in candidates:
        if row.channel_id is not None and row.alert_id is not None:
            groups[row.channel_id, row.kind].append(row)
    gone: set[UUID] = set()
    for (channel_id, kind), rows in groups.items():
        plan = storms.plan(
            state, [_pending(row) for row in rows], _last_digest_at(tx, channel_id, kind), now
        )
        by_id = {row.id: row for row in rows}
        for digest in plan.digests:
            first, *others = (by_id[id] for id in digest.replaces)
            first.message = _message(tx, organization_id, digest.alert_ids)
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
    assert row.alert_id is not None
    assert row.channel_id is not None
    return Pending(
        id=row.id,
        alert_id=row.alert_id,
        channel_id=row.channel_id,
        severity=row.severity,
        service_name=str((row.message.get("alert") or {}).get("service_name") or ""),
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


def _message(
    tx: Transaction, organization_id: UUID, alert_ids: Sequence[UUID]
) -> dict[str, object]:
    found = {
        alert.id: occasions.columns(alert)
        for alert in tx.session.scalars(select(Alert).where(Alert.id.in_(alert_ids)))
    }
    rows = [found[alert_id] for alert_id in alert_ids if alert_id in found]
    message: dict[str, object] = occasions.of_organization(tx, organization_id, DIGEST, alerts=rows)
    return message
