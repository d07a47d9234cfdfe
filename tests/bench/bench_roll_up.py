"""How late checks start at 2,000 services every 10 seconds while a day of theirs is rolled up."""

import subprocess
import sys
import time
from datetime import UTC, datetime

import psycopg

from app.operations.metrics import roll_up
from app.platform.bootstrap import bootstrap
from tests.bench.past import HOUR, seed_past
from tests.bench.world import ROOT, World, cpu_seconds, percentile

SERVICES = 2000
INTERVAL_SECONDS = 10  # 17.28 million results a day
SETTLE_SECONDS = 12
WATCH_SECONDS = 40


def run(world: World) -> list[tuple[str, str, str]]:
    """Return rows of (what, figure, bound)."""
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - 24 * HOUR
    with world.connect() as connection:
        count = seed_past(connection, SERVICES, INTERVAL_SECONDS, day, day + 24 * HOUR)
        connection.execute(
            "UPDATE services SET endpoint = %s", (f"http://127.0.0.1:{world.target_port}/ok",)
        )
        name = f"check_results_{day:%Y%m%d}"
        connection.execute(f"VACUUM (FREEZE, ANALYZE) {name}")  # as the standing job does
        connection.execute(
            "UPDATE schedule_entries SET next_due_at = now() + random() * interval '10 seconds'"
        )
        with world.process("scheduler"), world.process("workers", "probes"):
            time.sleep(SETTLE_SECONDS)
            began_at = datetime.now(UTC)
            time.sleep(WATCH_SECONDS)
            alone = lateness(connection, began_at)
            began_at = datetime.now(UTC)
            cpu, seconds = _roll_up_beside(world, connection)
            beside = lateness(connection, began_at)
        done = connection.execute(
            "SELECT sum(checks) FROM metric_hours WHERE at < %s", (day + 24 * HOUR,)
        ).fetchone()
        assert done == (count,), done
    return [
        ("results of a day, 2,000 services every 10 s", f"{count:,}", ""),
        ("a day rolled up beside the checks, CPU s", f"{cpu:.0f}", "< 60"),
        ("  wall-clock s", f"{seconds:.0f}", ""),
        ("lateness p99 without it, s", f"{percentile(alone, 0.99):.3f}", "<= 1.0"),
        ("lateness p99 while it runs, s", f"{percentile(beside, 0.99):.3f}", "<= 1.0"),
        ("  checks meanwhile", f"{len(beside)} of {SERVICES * seconds / 10:.0f}", ""),
    ]


def lateness(connection: psycopg.Connection, since: datetime) -> list[float]:
    """Return how late, in seconds, the checks began that were made since a moment."""
    rows = connection.execute(
        "SELECT extract(epoch FROM checked_at - scheduled_for)::float FROM check_results"
        " WHERE checked_at > %s AND scheduled_for > %s - interval '1 minute'",
        (since, since),
    ).fetchall()
    return [late for (late,) in rows]


def _roll_up_beside(world: World, connection: psycopg.Connection) -> tuple[float, float]:
    """Roll up without a pause in a process of its own; return its CPU and wall-clock seconds."""
    others = _backends(connection)
    began_at = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.bench_roll_up"], cwd=ROOT, env=dict(world.environment)
    )
    spent: dict[int, float] = {}
    while child.poll() is None:
        for pid in [child.pid, *(_backends(connection) - others)]:
            try:
                spent[pid] = cpu_seconds(pid)
            except OSError:
                continue  # it ended while we looked
        time.sleep(0.2)
    assert child.returncode == 0
    return sum(spent.values()), time.monotonic() - began_at


def _backends(connection: psycopg.Connection) -> set[int]:
    rows = connection.execute("SELECT pid FROM pg_stat_activity").fetchall()
    return {pid for (pid,) in rows}


if __name__ == "__main__":
    with bootstrap().app_context():
        roll_up.roll_up(3600)
