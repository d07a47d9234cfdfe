"""The figures on a heartbeat's badges."""

from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import select

from app.domain.checks import badges
from app.domain.checks.badges import Badge
from app.domain.heartbeats.states import HeartbeatStatus
from app.models.heartbeats import Heartbeat, HeartbeatFlip, HeartbeatPing
from app.platform.errors import NotFound
from app.platform.transaction import Transaction, transaction

_RUNS = 50


def badge(key: str, what: str, days: int) -> Badge:
    """Return a badge: `status`, `uptime` of the last `days`, or `response`: the median duration
    of the last runs. Raises NotFound for an unknown key."""
    with transaction() as tx:
        heartbeat = tx.session.scalar(select(Heartbeat).where(Heartbeat.badge_key == key))
        if heartbeat is None:
            raise NotFound
        if what == "status":
            result = badges.of_status(heartbeat.name, HeartbeatStatus(heartbeat.status))
        elif what == "uptime":
            result = badges.of_uptime(
                heartbeat.name, _uptime(tx, heartbeat, timedelta(days=days), tx.now())
            )
        else:
            result = badges.of_duration(heartbeat.name, _duration(tx, heartbeat))
    return result


def _uptime(
    tx: Transaction, heartbeat: Heartbeat, window: timedelta, now: datetime
) -> float | None:
    since = max(heartbeat.created_at, now - window)
    flips = tx.session.scalars(
        select(HeartbeatFlip)
        .where(HeartbeatFlip.heartbeat_id == heartbeat.id, HeartbeatFlip.at >= since)
        .order_by(HeartbeatFlip.at, HeartbeatFlip.id)
    )
    changes = [
        (flip.at, HeartbeatStatus(flip.from_status), HeartbeatStatus(flip.to_status))
        for flip in flips
    ]
    return badges.uptime(since, now, changes, HeartbeatStatus(heartbeat.status))


def _duration(tx: Transaction, heartbeat: Heartbeat) -> float | None:
    query: Any = (
        select(HeartbeatPing.duration_ms)
        .where(HeartbeatPing.heartbeat_id == heartbeat.id, HeartbeatPing.duration_ms.is_not(None))
        .order_by(HeartbeatPing.id.desc())
        .limit(_RUNS)
    )
    durations = tx.session.scalars(query).all()
    return median(durations) if durations else None
