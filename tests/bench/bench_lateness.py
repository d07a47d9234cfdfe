"""How late checks start at 2,000 services every 10 seconds, also while 30 % of the targets hang."""

import time

from tests.bench.world import World, percentile, seed_services, tree_cpu_seconds

SERVICES = 2000
INTERVAL_SECONDS = 10
SETTLE_SECONDS = 12
WATCH_SECONDS = 30


def run(world: World) -> list[tuple[str, str, str]]:
    """Return rows of (what, figure, bound)."""
    return [
        *_measure(world, hanging_share=0.0, label="all healthy", bound="<= 1.0"),
        *_measure(world, hanging_share=0.3, label="30 % hang, the healthy ones", bound="<= 2.0"),
    ]


def _measure(
    world: World, *, hanging_share: float, label: str, bound: str
) -> list[tuple[str, str, str]]:
    base = f"http://127.0.0.1:{world.target_port}"
    hanging = int(SERVICES * hanging_share)
    endpoints = [f"{base}/hang"] * hanging + [f"{base}/ok"] * (SERVICES - hanging)
    with (
        world.connect() as connection,
        world.process("scheduler"),
        world.process("workers", "probes") as worker,
    ):
        seed_services(connection, endpoints, interval_seconds=INTERVAL_SECONDS)
        time.sleep(SETTLE_SECONDS)
        cpu = tree_cpu_seconds(worker.pid)
        connection.execute("CREATE TABLE window_start AS SELECT now() AS at")
        time.sleep(WATCH_SECONDS)
        cpu = tree_cpu_seconds(worker.pid) - cpu
        rows = connection.execute(
            "SELECT extract(epoch FROM r.checked_at - r.scheduled_for)::float, r.status"
            " FROM check_results r JOIN services s ON s.id = r.service_id, window_start"
            " WHERE r.checked_at > window_start.at AND s.endpoint LIKE '%/ok'"
        ).fetchall()
        connection.execute(
            "DROP TABLE window_start; DELETE FROM organizations; TRUNCATE check_results"
        )
    late = [row[0] for row in rows]
    wrong = sum(1 for row in rows if row[1] == "RED")
    expected = (SERVICES - hanging) * WATCH_SECONDS / INTERVAL_SECONDS
    return [
        (f"lateness p50, s ({label})", f"{percentile(late, 0.5):.3f}", ""),
        (f"lateness p99, s ({label})", f"{percentile(late, 0.99):.3f}", bound),
        ("  checks made of checks due", f"{len(late)} of {expected:.0f}", ""),
        ("  false RED", str(wrong), "0"),
        ("  CPU-seconds of the worker per 1,000 checks", f"{cpu / len(late) * 1000:.3f}", ""),
    ]
