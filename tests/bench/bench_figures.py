"""Figures of 10 million results over HTTP, one client, gunicorn as shipped; and their roll-up."""

import time
from datetime import UTC, datetime, timedelta

from app.operations.metrics import freezing, roll_up
from app.operations.rules.windows import Ask, forget, statistics
from app.platform.bootstrap import bootstrap
from app.platform.config import Config
from app.platform.transaction import transaction
from tests.bench.bench_reads import signed_in
from tests.bench.past import seed_past
from tests.bench.web import gunicorn, load
from tests.bench.world import World, percentile, tree_cpu_seconds

DAYS = 14
SERVICES = 500
INTERVAL_SECONDS = 60  # 10.08 million results
SAMPLES = 40  # services whose figures are read


def run(world: World) -> list[tuple[str, str, str]]:
    """Return rows of (what, figure, bound)."""
    now = datetime.now(UTC)
    end = now.replace(minute=0, second=0, microsecond=0)  # what follows is read as it was recorded
    since = end - timedelta(days=DAYS)
    with (
        world.connect() as connection,
        gunicorn(world, "wsgi:app", LOG_LEVEL="warning", RATE_LIMITS="off") as (port, _),
    ):
        token = signed_in(f"http://127.0.0.1:{port}/api/v1/auth")
        count = seed_past(connection, SERVICES, INTERVAL_SECONDS, since, now)
        connection.execute(
            "UPDATE services SET organization_id ="
            " (SELECT organization_id FROM memberships LIMIT 1)"
        )
        cpu, counted, rolled = _roll_up_here(world, end)
        ids = [
            str(id) for (id,) in connection.execute("SELECT id FROM services LIMIT %s", (SAMPLES,))
        ]
        window = f"from={since:%Y-%m-%dT%H:%M:%SZ}"
        month = f"from={end - timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"
        one = [f"/services/{id}/uptime" for id in ids]
        hours = [f"/services/{id}/metrics?interval=1h&{window}" for id in ids]
        days = [f"/services/{id}/metrics?interval=1d&{window}" for id in ids]
        figures = [
            ("uptime of 30 days", _p95(port, token, one), "<= 50"),
            ("percentiles of 14 days by the hour", _p95(port, token, hours), "<= 50"),
            ("percentiles of 14 days by the day", _p95(port, token, days), "<= 50"),
            ("organization of 500, 30 days", _p95(port, token, [f"/metrics?{month}"]), "<= 200"),
            (
                "each of 500 services, 30 days",
                _p95(port, token, [f"/metrics/services?{month}"]),
                "",
            ),
            ("SLA report of 500, 30 days", _p95(port, token, [f"/reports/sla?{month}"]), ""),
        ]
    return [
        ("results", f"{count:,}", ""),
        ("rolled up, CPU us a result", f"{cpu / count * 1e6:.2f}", ""),
        ("first count of a rule's 14 days, from results, p95 ms", f"{counted:.1f}", ""),
        ("first count of a rule's 14 days, from roll-ups, p95 ms", f"{rolled:.1f}", ""),
        *((f"{what}, p95 ms", f"{ms:.0f}", bound) for what, ms, bound in figures),
    ]


def _roll_up_here(world: World, end: datetime) -> tuple[float, float, float]:
    """Freeze and roll up all there is; return the CPU seconds of rolling up, PostgreSQL's too.

    With them the milliseconds of a first count of a rule's window before and after.
    """
    with bootstrap(Config.from_env(world.environment)).app_context():
        while freezing.freeze_a_day(datetime.now(UTC)):
            pass
        counted = _first_count_ms(end)
        postgres = world.servers.postgres.pid
        before = time.process_time() + tree_cpu_seconds(postgres)
        roll_up.roll_up(3600)
        cpu = time.process_time() + tree_cpu_seconds(postgres) - before
        return cpu, counted, _first_count_ms(end)


def _first_count_ms(at: datetime) -> float:
    """Return how long the first count of a window of 14 days takes, p95."""
    spent = []
    with transaction() as tx:
        ids = tx.driver.execute("SELECT id FROM services LIMIT %s", (SAMPLES,)).fetchall()
        for (service_id,) in ids:
            ask = Ask(service_id, DAYS * 1440, at, timedelta(seconds=INTERVAL_SECONDS), True)
            began_at = time.perf_counter()
            assert statistics(tx, [ask])[ask].total > 0
            spent.append(1000 * (time.perf_counter() - began_at))
    forget()
    return percentile(spent, 0.95)


def _p95(port: int, token: str, paths: list[str]) -> float:
    wanted = [
        f"GET /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {token}\r\nConnection: keep-alive\r\n\r\n"
        for path in paths
    ]
    load(port, wanted, 1, 1)
    found = load(port, wanted, 1, 5)
    assert not found["failed"], paths[0]
    return percentile(found["milliseconds"], 0.95)
