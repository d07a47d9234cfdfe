"""Flips of heartbeats, turned into alerts: a flip is a row first, its alert comes second.

A kill in between leaves flips that are not handled, which the next tick takes up. What goes down in
maintenance is deferred until its end, and notified if it is still down then.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.domain.heartbeats import heartbeats as decisions
from app.domain.heartbeats import words
from app.domain.heartbeats.states import HeartbeatStatus
from app.models.alerts import Alert
from app.models.heartbeats import Heartbeat, HeartbeatFlip, HeartbeatPing
from app.operations.alerts import lifecycle, timeline
from app.operations.heartbeats import flapping
from app.operations.notifications import enqueue, payloads
from app.operations.snapshots.alerting import alerting_snapshots
from app.platform.bootstrap import runtime
from app.platform.events import Event
from app.platform.transaction import DATABASE_AWAY, Transaction, transaction

log = logging.getLogger(__name__)

SWEEP_JOB = "workers.heartbeats.sweep"
_BATCH = 100


def wake_sweep() -> None:
    """Say that flips may be waiting. Raises redis errors when Redis is away."""
    runtime().hints.work(SWEEP_JOB)


def handle() -> int:
    """Open and resolve alerts for the flips that wait; return for how many heartbeats.

    One that cannot be handled is logged, and delays no other.
    """
    with transaction() as tx:
        waiting = tx.session.scalars(
            select(HeartbeatFlip.heartbeat_id)
            .where(~HeartbeatFlip.is_handled)
            .distinct()
            .limit(_BATCH)
        ).all()
    return _each(handle_one, waiting)


def release() -> int:
    """Open the alerts that maintenance deferred, where it is over; return for how many heartbeats.

    One that cannot be handled is logged, and delays no other.
    """
    with transaction() as tx:
        deferred = tx.session.scalars(
            select(Heartbeat).where(
                Heartbeat.id.in_(select(HeartbeatFlip.heartbeat_id).where(HeartbeatFlip.is_held))
            )
        ).all()
        over = [heartbeat.id for heartbeat in deferred if _muted_until(tx, heartbeat) is None]
    return _each(_release_one, over)


def _each(handle_heartbeat: Callable[[UUID], None], ids: Sequence[UUID]) -> int:
    handled = 0
    for heartbeat_id in ids:
        try:
            handle_heartbeat(heartbeat_id)
            handled += 1
        except DATABASE_AWAY:
            raise
        except Exception:
            log.exception(
                "heartbeat change not handled",
                extra={"heartbeat_id": str(heartbeat_id)},
            )
    return handled


def handle_one(heartbeat_id: UUID) -> None:
    """Handle the flips of one heartbeat, in their order."""
    with transaction() as tx:
        heartbeat = _kept(tx, heartbeat_id)
        if heartbeat is not None:
            handle_flips(tx, heartbeat)


def _release_one(heartbeat_id: UUID) -> None:
    with transaction() as tx:
        heartbeat = _kept(tx, heartbeat_id)
        if heartbeat is None:
            return
        handle_flips(tx, heartbeat)
        flip = _release(tx, heartbeat)
        if flip is not None:
            _down(tx, heartbeat, flip, HeartbeatStatus(flip.to_status))


def _kept(tx: Transaction, heartbeat_id: UUID) -> Heartbeat | None:
    """Return a heartbeat, locked against a deletion; pings go on meanwhile."""
    return tx.session.scalar(
        select(Heartbeat)
        .where(Heartbeat.id == heartbeat_id)
        .with_for_update(read=True, key_share=True)
    )


def _release(tx: Transaction, heartbeat: Heartbeat) -> HeartbeatFlip | None:
    """Release the deferred flip of a heartbeat; return it, None where there is none."""
    flips = tx.session.scalars(
        select(HeartbeatFlip)
        .where(HeartbeatFlip.heartbeat_id == heartbeat.id, HeartbeatFlip.is_held)
        .order_by(HeartbeatFlip.id)
        .with_for_update(key_share=True)
    ).all()
    for flip in flips:
        flip.is_held = False
    return flips[-1] if flips else None


def _muted_until(tx: Transaction, heartbeat: Heartbeat) -> datetime | None:
    """Return the end of the maintenance that a heartbeat is in now; None where it is in none."""
    current = alerting_snapshots(tx, {heartbeat.organization_id})[heartbeat.organization_id]
    return current.maintenance_until(heartbeat.id, heartbeat.tags, tx.now())


def handle_flips(tx: Transaction, heartbeat: Heartbeat) -> None:
    """Handle the flips of a heartbeat within the caller's transaction.

    Two sweeps that meet wait for one another at the oldest flip, so that none is handled before an
    older one, and none twice.
    """
    flips = tx.session.scalars(
        select(HeartbeatFlip)
        .where(HeartbeatFlip.heartbeat_id == heartbeat.id, ~HeartbeatFlip.is_handled)
        .order_by(HeartbeatFlip.id)
        .with_for_update(key_share=True)
    ).all()
    if len(flips) > 1:
        open_alert(tx, heartbeat)  # before the channels that messages refer to
    for flip in flips:
        flip.is_handled = True
        before, after = HeartbeatStatus(flip.from_status), HeartbeatStatus(flip.to_status)
        if not after.is_down:
            _recovered(tx, heartbeat, flip, after)
        elif before.is_down:
            _worse(tx, heartbeat, flip)
        else:
            _down(tx, heartbeat, flip, after)


def _down(
    tx: Transaction, heartbeat: Heartbeat, flip: HeartbeatFlip, status: HeartbeatStatus
) -> None:
    if _muted_until(tx, heartbeat) is not None:
        flip.is_held = True
        _publish(tx, heartbeat, flip, f"heartbeat.{status.value}", None)
        return
    known = open_alert(tx, heartbeat)
    if known is not None and known.is_flapping:
        timeline.note(tx, known, status.value, text=_said(tx, flip), at=flip.at)
        _publish(tx, heartbeat, flip, f"heartbeat.{status.value}", known)
        return
    now = tx.now()
    alert = lifecycle.open_alert(
        tx,
        Alert(
            organization_id=heartbeat.organization_id,
            heartbeat_id=heartbeat.id,
            service_name=heartbeat.name,
            severity=heartbeat.severity,
            title=decisions.title(heartbeat.name, status),
            message=words.message(
                status,
                flip.reason,
                heartbeat.last_ping_at,
                heartbeat.next_expected_at,
                _output(tx, flip),
            ),
            reason=flip.reason,
            status="firing",
            fired_at=now,
        ),
        channel_ids=tuple(heartbeat.notification_channel_ids),
        policy_id=heartbeat.escalation_policy_id,
    )
    if status is HeartbeatStatus.MISSED:
        _enqueue(tx, heartbeat, flip, "heartbeat.missed", alert)
    _publish(tx, heartbeat, flip, f"heartbeat.{status.value}", alert)


def _output(tx: Transaction, flip: HeartbeatFlip) -> str:
    """Return the body of the ping that reported a failure."""
    body = tx.session.scalar(
        select(HeartbeatPing.body)
        .where(
            HeartbeatPing.heartbeat_id == flip.heartbeat_id,
            HeartbeatPing.received_at == flip.at,
        )
        .order_by(HeartbeatPing.id.desc())
        .limit(1)
    )
    return words.shown(body)


def _said(tx: Transaction, flip: HeartbeatFlip) -> str:
    return "\n".join(filter(None, (flip.reason, _output(tx, flip))))


def _worse(tx: Transaction, heartbeat: Heartbeat, flip: HeartbeatFlip) -> None:
    """Note on the alert of a missed job that it has reported a failure; the alert stays open."""
    alert = open_alert(tx, heartbeat)
    if alert is not None:
        timeline.note(tx, alert, flip.to_status, text=_said(tx, flip), at=flip.at)
    elif _release(tx, heartbeat) is not None:
        flip.is_held = True  # in place of the milder one
    _publish(tx, heartbeat, flip, f"heartbeat.{flip.to_status}", alert)


def _recovered(
    tx: Transaction, heartbeat: Heartbeat, flip: HeartbeatFlip, status: HeartbeatStatus
) -> None:
    alert = open_alert(tx, heartbeat)
    is_paused = status is HeartbeatStatus.PAUSED
    if alert is not None and not is_paused and flapping.stands(tx, heartbeat, alert):
        _publish(tx, heartbeat, flip, "heartbeat.recovered", alert)
        return
    if alert is not None:
        lifecycle.resolve_alert(
            tx,
            alert,
            tx.now(),
            text=words.recovery(status, flip.reason),
            hold_until=None if is_paused else _muted_until(tx, heartbeat),
        )
    if _release(tx, heartbeat) is not None:
        _publish(tx, heartbeat, flip, "heartbeat.recovered", alert)
    elif not is_paused:
        _enqueue(tx, heartbeat, flip, "heartbeat.recovered", alert)
        _publish(tx, heartbeat, flip, "heartbeat.recovered", alert)


def open_alert(tx: Transaction, heartbeat: Heartbeat) -> Alert | None:
    """Return the unresolved alert of a heartbeat, locked; None without one."""
    return tx.session.scalar(
        select(Alert)
        .where(Alert.heartbeat_id == heartbeat.id, Alert.status != "resolved")
        .with_for_update(key_share=True)
    )


def _enqueue(
    tx: Transaction, heartbeat: Heartbeat, flip: HeartbeatFlip, event: str, alert: Alert | None
) -> None:
    """Notify the channels that subscribe to events of heartbeats, besides alerts."""
    enqueue.event(
        tx,
        heartbeat.organization_id,
        event,
        heartbeat.severity,
        tx.now(),
        subject_key=f"heartbeat:{heartbeat.id}",
        step=flip.id,
        ids=tuple(heartbeat.notification_channel_ids),
        heartbeat=payloads.without_config(heartbeat),
        reason=flip.reason,
    )


def _publish(
    tx: Transaction, heartbeat: Heartbeat, flip: HeartbeatFlip, kind: str, alert: Alert | None
) -> None:
    event = Event(
        heartbeat.organization_id,
        kind,
        {
            "heartbeat_id": heartbeat.id,
            "name": heartbeat.name,
            "from": flip.from_status,
            "to": flip.to_status,
            "at": flip.at,
            "reason": flip.reason,
            "alert_id": alert.id if alert is not None else None,
        },
    )
    tx.after_commit(lambda: runtime().feed.publish([event]))
