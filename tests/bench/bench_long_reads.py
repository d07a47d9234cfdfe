"""Checks beside what reads for long: a held snapshot, `pg_dump`, the first count of a rule's month.

HELD_SECONDS=300 in the environment holds the snapshot as long as a dump of a large database.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median
from uuid import uuid4

import psycopg

from app.local.postgres_home import find_home
from app.operations.checks import claim
from tests.bench.past import HOUR, seed_past
from tests.bench.world import World, percentile, seed_services
from workers import look_back

HELD_SECONDS = float(os.environ.get("HELD_SECONDS", "30"))
SETTLE_SECONDS = 25.0  # what was due at the start has been made up for
WATCH_SECONDS = 20.0
BEHIND_SECONDS = 1.0 + look_back._BEHIND_SECONDS  # a claim comes every second
PAST_SERVICES = 40  # every minute for 30 days: 1.7 million results
PAST_DAYS = 30

_LATE = """
SELECT extract(epoch FROM checked_at - scheduled_for)::float FROM check_results
WHERE checked_at > %s AND checked_at <= %s
"""
_RULE = {"metric": "uptime_percentage", "operator": "<", "value": 90, "window_minutes": 43_200}


def run(world: World) -> list[tuple[str, str, str]]:
    """Return rows of (what, figure, bound)."""
    return [*_held_snapshot(world), *_dump_and_rule(world)]


@contextmanager
def _checking(
    world: World, connection: psycopg.Connection, services: int, interval: int
) -> Iterator[None]:
    endpoints = [f"http://127.0.0.1:{world.target_port}/ok"] * services
    seed_services(connection, endpoints, interval_seconds=interval, timeout_seconds=interval)
    with world.process("scheduler"), world.process("workers", "probes"):
        time.sleep(SETTLE_SECONDS)
        yield


def _held_snapshot(world: World) -> list[tuple[str, str, str]]:
    with world.connect() as connection, _checking(world, connection, 1000, 1):
        before = _claim_ms(connection)
        with psycopg.connect(world.servers.database_url) as holder:
            holder.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            holder.execute("SELECT count(*) FROM services")
            late = _lateness(connection, lambda: time.sleep(HELD_SECONDS))
            held = _claim_ms(connection)
            further = _claim_ms(connection, 10.0)
        _clear(connection)
    return [
        ("claim at 1,000 checks/s, ms", f"{before:.1f}", ""),
        (f"  when a snapshot was held for {HELD_SECONDS:.0f} s", f"{held:.1f}", "< 5"),
        ("  and it looked ten seconds back", f"{further:.1f}", ""),
        ("  lateness p99 meanwhile, s", f"{percentile(late, 0.99):.3f}", "<= 0.1"),
    ]


def _claim_ms(connection: psycopg.Connection, behind_seconds: float = BEHIND_SECONDS) -> float:
    """Return the median time of a claim of what is due in the next second and a half."""
    values = {
        "region": "default",
        "limit": 500,
        "margin": claim.LEASE_MARGIN_SECONDS,
        "organization": None,
        "ahead": 0.4,
        "behind": behind_seconds,
    }
    found = []
    for _ in range(9):
        with connection.transaction(force_rollback=True):
            plan = connection.execute(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {claim._CLAIM}", values
            ).fetchone()
            assert plan
            found.append(plan[0][0]["Execution Time"])
        time.sleep(0.3)
    return median(found)


def _dump_and_rule(world: World) -> list[tuple[str, str, str]]:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with world.connect() as connection:
        count = seed_past(
            connection, PAST_SERVICES, 60, now - timedelta(days=PAST_DAYS), now + HOUR
        )
        connection.execute(
            "UPDATE services SET endpoint = %s", (f"http://127.0.0.1:{world.target_port}/ok",)
        )
        with _checking(world, connection, 2000, 10):
            alone = _lateness(connection, lambda: time.sleep(WATCH_SECONDS))
            dump = _lateness(connection, lambda: _dump(world))
            rule = _lateness(connection, lambda: _make_rule(connection))
        _clear(connection)
    return [
        ("results of 30 days, in the order of time", f"{count:,}", ""),
        ("lateness p99 at 2,000 every 10 s, s", f"{percentile(alone, 0.99):.3f}", "<= 1.0"),
        ("  during pg_dump", f"{percentile(dump, 0.99):.3f}", "<= 1.0"),
        (
            "  during the first count of a rule over 30 days",
            f"{percentile(rule, 0.99):.3f}",
            "<= 1.0",
        ),
        ("  longest", f"{max(rule):.3f}", ""),
    ]


def _dump(world: World) -> None:
    program = find_home(world.servers.state.path).program("pg_dump")
    end = time.monotonic() + WATCH_SECONDS
    while time.monotonic() < end:
        subprocess.run(
            [program, "-Fc", "--no-sync", "-f", os.devnull, world.servers.database_url],
            check=True,
            timeout=300,
        )


def _make_rule(connection: psycopg.Connection) -> None:
    """Have a rule watch the services that have a past, and let each of them be checked."""
    connection.execute(
        "INSERT INTO alert_rules (id, organization_id, name, severity, tags, condition,"
        " is_enabled, notification_channel_ids, auto_resolve, cooldown_minutes)"
        " SELECT %s, organization_id, 'month', 'critical', '{}', %s, true, '{}', true, 0"
        " FROM services"
        " WHERE check_interval_seconds = 60 LIMIT 1",
        (uuid4(), json.dumps(_RULE)),
    )
    connection.execute(
        "UPDATE organizations SET alerting_version = alerting_version + 1 WHERE id ="
        " (SELECT organization_id FROM services WHERE check_interval_seconds = 60 LIMIT 1)"
    )
    time.sleep(75)


def _lateness(connection: psycopg.Connection, meanwhile: Callable[[], None]) -> list[float]:
    began_at = datetime.now(UTC)
    meanwhile()
    ended_at = datetime.now(UTC)
    time.sleep(2)  # results that change nothing are stored within a second
    return [late for (late,) in connection.execute(_LATE, (began_at, ended_at)).fetchall()]


def _clear(connection: psycopg.Connection) -> None:
    connection.execute("DELETE FROM organizations")
    connection.execute("TRUNCATE check_results")
