"""Flapping heartbeats: one alert stands for a whole episode of failures and successes.

By the algorithm for services, on what was reported and missed in the last day: a nightly job that
fails every other night is told each time.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from app.domain.heartbeats import words
from app.domain.heartbeats.states import HeartbeatStatus
from app.domain.rules import flapping as decisions
from app.domain.types import Status
from app.models.alerts import Alert
from app.models.heartbeats import Heartbeat
from app.operations.alerts import lifecycle, messages, timeline
from app.operations.health import quarantine
from app.operations.health.quarantine import WorkKind
from app.operations.snapshots import muted_alerts
from app.platform.transaction import Transaction, transaction

_LOOKS_BACK = timedelta(days=1)

# A success that broke a limit is a failure: it has made the heartbeat fail.
_RESULTS = """
SELECT is_bad FROM (
    (SELECT p.received_at AS at, p.kind = 'fail' OR EXISTS (
        SELECT FROM heartbeat_flips f WHERE f.heartbeat_id = p.heartbeat_id
            AND f.at = p.received_at AND f.to_status = 'failed') AS is_bad
     FROM heartbeat_pings p
     WHERE p.heartbeat_id = %(id)s AND p.kind IN ('success', 'fail') AND p.received_at > %(since)s
     ORDER BY p.id DESC LIMIT %(most)s)
    UNION ALL
    (SELECT at, true FROM heartbeat_flips
     WHERE heartbeat_id = %(id)s AND to_status = 'missed' AND at > %(since)s
     ORDER BY id DESC LIMIT %(most)s)
) results ORDER BY at DESC LIMIT %(most)s
"""


def stands(tx: Transaction, heartbeat: Heartbeat, alert: Alert) -> bool:
    """Say whether a heartbeat that has recovered flaps, so that its alert stays open."""
    evaluation = decisions.evaluate(_results(tx, heartbeat.id), was_flapping=alert.is_flapping)
    if evaluation.has_started:
        alert.is_flapping = True
        text = f"{evaluation.percent:.0f} % of state change in the last {decisions.CHECKS} results"
        timeline.note(tx, alert, "flapping_started", text=text)
        hold_until = muted_alerts.until(tx, alert)
        messages.enqueue_flapping(tx, alert, tx.now(), hold_until=hold_until)
    return evaluation.is_flapping


def calm_down() -> int:
    """End the episodes of heartbeats that flap no more; return how many were looked at."""
    with transaction() as tx:
        ids = tx.session.scalars(
            select(Alert.heartbeat_id).where(
                Alert.heartbeat_id.is_not(None), Alert.is_flapping, Alert.status != "resolved"
            )
        ).all()
    return quarantine.each_apart(
        WorkKind.HEARTBEAT, [id for id in ids if id is not None], _calm_down
    )


def _calm_down(ids: Sequence[UUID]) -> None:
    for heartbeat_id in ids:
        _calm_down_one(heartbeat_id)


def _calm_down_one(heartbeat_id: UUID) -> None:
    with transaction() as tx:
        heartbeat = tx.session.scalar(
            select(Heartbeat)
            .where(Heartbeat.id == heartbeat_id)
            .with_for_update(read=True, key_share=True)
        )
        alert = tx.session.scalar(
            select(Alert)
            .where(
                Alert.heartbeat_id == heartbeat_id, Alert.is_flapping, Alert.status != "resolved"
            )
            .with_for_update(key_share=True)
        )
        if heartbeat is None or alert is None:
            return
        evaluation = decisions.evaluate(_results(tx, heartbeat_id), was_flapping=True)
        if not evaluation.has_stopped:
            return
        alert.is_flapping = False
        text = f"{evaluation.percent:.0f} % of state change"
        timeline.note(tx, alert, "flapping_stopped", text=text)
        status = HeartbeatStatus(heartbeat.status)
        if not status.is_down:
            lifecycle.resolve_alert(
                tx,
                alert,
                tx.now(),
                text=words.recovery(status, None),
                hold_until=muted_alerts.until(tx, alert),
            )


def _results(tx: Transaction, heartbeat_id: UUID) -> list[Status]:
    """Return what was reported and missed, newest first."""
    since: datetime = tx.now() - _LOOKS_BACK
    values = {"id": heartbeat_id, "since": since, "most": decisions.CHECKS}
    rows = tx.driver.execute(_RESULTS, values).fetchall()
    return [Status.RED if is_bad else Status.GREEN for (is_bad,) in rows]
