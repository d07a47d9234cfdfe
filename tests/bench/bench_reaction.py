"""Short intervals, and changes: how soon checks start, and how soon a change is known.

Services are checked every one, two and three seconds, all side by side. Beside them some fail and
recover again and again; each change is timed from the start of its check to its event on the live
feed, which is published once the change is stored.
"""

import json
import time
from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from redis import Redis

from app.platform.events import channel
from tests.bench.world import World, percentile, seed_services, wait_until

INTERVALS = (1, 2, 3)
SERVICES_EACH = 300
CHANGING = 40
CHANGING_INTERVAL = 10
START_SECONDS = 60
SETTLE_SECONDS = 15  # from the first result: what was due at the start has been made up for
WATCH_SECONDS = 60

_LATE = """
SELECT s.check_interval_seconds, extract(epoch FROM r.checked_at - r.scheduled_for)::float
FROM check_results r JOIN services s ON s.id = r.service_id
WHERE r.checked_at > now() - %s * interval '1 second'
"""
_RULE = """
INSERT INTO alert_rules (id, organization_id, name, severity, tags, condition, is_enabled,
    notification_channel_ids, auto_resolve, cooldown_minutes)
SELECT %s, id, 'down', 'critical', '{}', %s, true, '{}', true, 0
FROM organizations WHERE id = %s
"""
_RED = {"metric": "status", "operator": "in", "value": ["RED"]}


def run(world: World) -> list[tuple[str, str, str]]:
    """Return rows of (what, figure, bound)."""
    base = f"http://127.0.0.1:{world.target_port}"
    with (
        world.connect() as connection,
        world.process("scheduler"),
        world.process("workers", "probes"),
        Redis.from_url(world.servers.redis_url).pubsub() as feed,
    ):
        for interval in INTERVALS:
            seed_services(
                connection,
                [f"{base}/ok"] * SERVICES_EACH,
                interval_seconds=interval,
                timeout_seconds=interval,
            )
        organization = _seed_changing(connection, f"{base}/changing")
        feed.subscribe(channel(organization))
        assert wait_until(lambda: _has_results(connection), START_SECONDS)
        time.sleep(SETTLE_SECONDS)
        changed, evaluated = _watch(feed, connection)
        late = defaultdict(list)
        for seconds, lateness in connection.execute(_LATE, (WATCH_SECONDS,)):
            late[seconds].append(lateness)
        connection.execute("DELETE FROM organizations; TRUNCATE check_results")
    return [
        *(row for interval in INTERVALS for row in _rows(interval, late[interval])),
        ("changes of status", str(len(changed)), ""),
        ("  stored and pushed after the check began, p50 / p99, s", _both(changed), "<= 0.1"),
        ("alerts that opened or ended", str(len(evaluated)), ""),
        ("  stored and pushed after the check began, p50 / p99, s", _both(evaluated), "<= 0.1"),
    ]


def _has_results(connection: psycopg.Connection) -> bool:
    return connection.execute("SELECT FROM check_results LIMIT 1").fetchone() is not None


def _rows(interval: int, late: list[float]) -> list[tuple[str, str, str]]:
    due = SERVICES_EACH * WATCH_SECONDS // interval
    return [
        (f"lateness p50 / p99 every {interval} s, s", _both(late), "<= 0.1"),
        ("  checks made of checks due", f"{len(late)} of {due}", ""),
    ]


def _seed_changing(connection: psycopg.Connection, endpoint: str) -> UUID:
    seed_services(connection, [endpoint] * CHANGING, interval_seconds=CHANGING_INTERVAL)
    ((organization,),) = connection.execute(
        "SELECT DISTINCT organization_id FROM services WHERE endpoint = %s", (endpoint,)
    ).fetchall()
    connection.execute(_RULE, (uuid4(), json.dumps(_RED), organization))
    return UUID(str(organization))


def _watch(feed: Any, connection: psycopg.Connection) -> tuple[list[float], list[float]]:
    """Return how long after their checks began changes of status, and alerts, were heard of."""
    changes: dict[str, float] = {}  # by check
    alerts: list[tuple[str, float]] = []  # of which service, when
    while feed.get_message() is not None:
        pass  # what came before
    end = time.monotonic() + WATCH_SECONDS
    while (left := end - time.monotonic()) > 0:
        message = feed.get_message(ignore_subscribe_messages=True, timeout=left)
        if message is None:
            continue
        heard_at = time.time()
        for frame in message["data"].decode().split("\n"):
            event = json.loads(frame)
            if event["type"] == "service.status_changed":
                changes[event["data"]["check_id"]] = heard_at
            elif event["type"] in ("alert.fired", "alert.resolved"):
                alerts.append((event["data"]["service_id"], heard_at))
    began: dict[str, float] = {}
    of_service: dict[str, list[float]] = defaultdict(list)
    rows = connection.execute(
        "SELECT id::text, service_id::text, checked_at FROM check_results WHERE id = ANY(%s)",
        ([UUID(id) for id in changes],),
    ).fetchall()
    for check_id, service_id, checked_at in rows:
        began[check_id] = _seconds(checked_at)
        of_service[service_id].append(_seconds(checked_at))
    changed = [heard_at - began[id] for id, heard_at in changes.items() if id in began]
    evaluated = [
        heard_at - max(at for at in of_service[service_id] if at <= heard_at)
        for service_id, heard_at in alerts
        if any(at <= heard_at for at in of_service[service_id])
    ]
    return changed, evaluated


def _seconds(at: datetime) -> float:
    return at.timestamp()


def _both(values: list[float]) -> str:
    if not values:
        return "none"
    return f"{percentile(values, 0.5):.3f} / {percentile(values, 0.99):.3f}"
