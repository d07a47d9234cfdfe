"""Announcements of the starts and ends of maintenance windows, each once.

Whatever changes a window updates it in the same transaction; the tick updates those whose time
has come. Both hold the row's lock, and both write with the message what was announced.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from app.domain.maintenance.starts_and_ends import WindowTransition, evaluate
from app.domain.maintenance.windows import WindowStatus
from app.models.maintenance_windows import MaintenanceWindow
from app.operations.health import quarantine
from app.operations.health.quarantine import WorkKind
from app.operations.maintenance import muting
from app.operations.notifications import enqueue
from app.operations.snapshots import alerting as alerting_snapshots
from app.platform.bootstrap import runtime
from app.platform.events import Event
from app.platform.transaction import Transaction, single_value, transaction

_TOLD = ("id", "name", "description", "service_ids", "tags")


def is_any_due() -> bool:
    """Say whether the time of some window's transition has come."""
    return bool(
        single_value("SELECT EXISTS (SELECT FROM maintenance_windows WHERE next_edge_at <= now())")
    )


def enqueue_due() -> bool:
    """Announce the transition of the window that is due longest; say whether there was one.

    One at a time: a beginning and an end of the same window are told in their order.
    """
    with transaction() as tx:
        window_id = tx.session.scalar(
            select(MaintenanceWindow.id)
            .where(
                MaintenanceWindow.next_edge_at <= tx.now(),
                MaintenanceWindow.id.not_in(quarantine.resting(tx, WorkKind.MAINTENANCE)),
            )
            .order_by(MaintenanceWindow.next_edge_at)
            .limit(1)
            # Another tick, or an edit, is at a row that is locked: it updates it as well.
            .with_for_update(key_share=True, skip_locked=True)
        )
    if window_id is None:
        return False
    quarantine.each_apart(WorkKind.MAINTENANCE, [window_id], lambda ids: _update_window(ids[0]))
    return True


def _update_window(window_id: UUID) -> None:
    with transaction() as tx:
        now = tx.now()
        window = tx.session.scalar(
            select(MaintenanceWindow)
            .where(MaintenanceWindow.id == window_id, MaintenanceWindow.next_edge_at <= now)
            .with_for_update(key_share=True, skip_locked=True)
        )
        if window is not None:
            flag_modified(window, "updated_at")  # written as it is: nobody has edited the window
            update(tx, window, window.next_edge_at or now, now)


def update(tx: Transaction, window: MaintenanceWindow, since: datetime, now: datetime) -> None:
    """Announce the first transition of a locked window since a moment; set when the next is due."""
    known = alerting_snapshots.window_of(window)
    if known is None:
        window.next_edge_at = None
        return
    evaluation = evaluate(known, since, now, is_announced=window.announced_start_at is not None)
    window.next_edge_at = evaluation.next_at
    if evaluation.transition is not None:
        _enqueue(tx, window, evaluation.transition, now)
    tx.session.flush()


def close(tx: Transaction, window: MaintenanceWindow, now: datetime) -> None:
    """Announce the end of a window that is about to be deleted, if its beginning was announced."""
    if window.announced_start_at is not None:
        _enqueue(tx, window, WindowTransition(now, None), now)


def _enqueue(
    tx: Transaction, window: MaintenanceWindow, transition: WindowTransition, now: datetime
) -> None:
    current = transition.occurrence
    told: dict[str, Any] = {name: getattr(window, name) for name in _TOLD} | {
        "starts_at": current.starts_at if current else window.announced_start_at,
        "ends_at": current.ends_at if current else transition.at,
        "status": WindowStatus.ACTIVE if current else WindowStatus.ENDED,
    }
    window.announced_start_at = current.starts_at if current else None
    kind = "maintenance.started" if current else "maintenance.ended"
    enqueue.event(
        tx,
        window.organization_id,
        kind,
        "info",
        now,
        subject_key=f"maintenance:{window.id}",
        step=enqueue.step_at(now),
        maintenance=told,
    )
    if current is None:
        muting.recheck(
            tx, window.organization_id, window.service_ids, window.tags, window.heartbeat_ids
        )
    event = Event(window.organization_id, kind, told, at=now)
    tx.after_commit(lambda: runtime().feed.publish([event]))
