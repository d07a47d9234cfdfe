"""Cost of a check at a trickle: 2,000 services every 10 s, with all processes and both servers.

This is what nearly everybody has. Rounds of one run can be compared; runs on a busy machine cannot.
"""

import time
from contextlib import ExitStack

from tests.bench.product import pss_megabytes
from tests.bench.world import World, percentile, seed_services, tree_cpu_seconds

SERVICES = 2000
INTERVAL_SECONDS = 10
SETTLE_SECONDS = 15
WINDOW_SECONDS = 20

_PROCESSES = {
    "probes": ("workers", "probes"),
    "background": ("workers", "background"),
    "notifications": ("workers", "notifications"),
    "scheduler": ("scheduler",),
}
_FINISHED = """
SELECT extract(epoch FROM checked_at - scheduled_for)::float, status FROM check_results
WHERE checked_at > %s AND checked_at <= %s
"""


def run(world: World) -> list[tuple[str, str, str]]:
    """Return rows of (what, figure, bound)."""
    endpoint = f"http://127.0.0.1:{world.target_port}/ok"
    with ExitStack() as stack:
        connection = stack.enter_context(world.connect())
        pids = {
            name: stack.enter_context(world.process(*arguments)).pid
            for name, arguments in _PROCESSES.items()
        }
        pids["PostgreSQL"] = world.servers.postgres.pid or 0
        pids["Valkey"] = world.servers.valkey.pid or 0
        seed_services(connection, [endpoint] * SERVICES, interval_seconds=INTERVAL_SECONDS)
        time.sleep(SETTLE_SECONDS)
        began_at = connection.execute("SELECT now()").fetchone()
        before = {name: tree_cpu_seconds(pid) for name, pid in pids.items()}
        time.sleep(WINDOW_SECONDS)
        used = {name: tree_cpu_seconds(pid) - before[name] for name, pid in pids.items()}
        ended_at = connection.execute("SELECT now()").fetchone()
        memory = sum(map(pss_megabytes, pids.values()))
        time.sleep(2)  # results that change nothing are stored within a second
        assert began_at
        assert ended_at
        rows = connection.execute(_FINISHED, (began_at[0], ended_at[0])).fetchall()
        connection.execute("DELETE FROM organizations; TRUNCATE check_results")
    late = [row[0] for row in rows]
    parts = sorted(used.items(), key=lambda part: -part[1])
    return [
        ("CPU-seconds per 1,000 checks, everything", f"{_each(sum(used.values()), late):.3f}", ""),
        *((f"  {name}", f"{_each(seconds, late):.3f}", "") for name, seconds in parts),
        ("  checks made of checks due", f"{len(late)} of {SERVICES * WINDOW_SECONDS // 10}", ""),
        ("  failed", str(sum(row[1] != "GREEN" for row in rows)), "0"),
        ("lateness p50, s", f"{percentile(late, 0.5):.3f}", ""),
        ("lateness p99, s", f"{percentile(late, 0.99):.3f}", "<= 0.1"),
        ("memory without the web process (PSS), MB", f"{memory:.0f}", ""),
    ]


def _each(seconds: float, checks: list[float]) -> float:
    return seconds / len(checks) * 1000
