"""A status page of 200 services in a flood of visitors, while 2,000 services are checked.

Two web processes as shipped, visitors as browsers come (gzip, connections kept). What is made anew
is timed at the first request that gets another `ETag`: nobody has rendered that before.
"""

import time
from datetime import UTC, datetime, timedelta

import psycopg
import requests

from tests.bench.bench_lateness import INTERVAL_SECONDS, SERVICES, SETTLE_SECONDS
from tests.bench.bench_reads import signed_in
from tests.bench.bench_roll_up import lateness
from tests.bench.web import gunicorn, load
from tests.bench.world import World, percentile, seed_services, tree_cpu_seconds, wait_until

SHOWN, DAYS = 200, 90
CLIENTS = 32
QUIET_SECONDS, FLOOD_SECONDS = 15.0, 30.0
EDITS = 20

# Ninety days of which one in thirty had an outage of ten minutes.
_DAYS = """
INSERT INTO metric_days (organization_id, service_id, at, checks, failed, slow, settled,
    settled_failed, up_ms, down_ms, unknown_ms, maintenance_ms, paused_ms, inner_outages,
    longest_inner_ms, head_ms, tail_ms, timed, sum_ms, hist)
SELECT organization_id, id, at, 8640, 0, 0, 8640, 0, 86400000 - down, down, 0, 0, 0,
    (down > 0)::int, down, 0, 0, 0, 0, ''
FROM (
    SELECT organization_id, id, at, CASE WHEN random() < 0.033 THEN 600000 ELSE 0 END AS down
    FROM services, generate_series(%(since)s::timestamptz,
        %(today)s::timestamptz - interval '1 day', interval '1 day') AS at
) days
"""


def run(world: World) -> list[tuple[str, str, str]]:
    """Return rows of (what, figure, bound)."""
    with (
        world.connect() as connection,
        gunicorn(world, "wsgi:app", LOG_LEVEL="warning", RATE_LIMITS="off", WEB_PROCESSES="2") as (
            port,
            pid,
        ),
        world.process("scheduler"),
        world.process("workers", "background"),
        world.process("workers", "probes"),
    ):
        api = f"http://127.0.0.1:{port}/api/v1"
        headers = {"Authorization": f"Bearer {signed_in(f'{api}/auth')}"}
        _seed(connection, f"http://127.0.0.1:{world.target_port}/ok")
        pages = f"{api}/status-pages"
        made = requests.post(pages, json=_page(connection), headers=headers, timeout=30).json()
        path = f"/status/{made['slug']}"
        address = f"http://127.0.0.1:{port}{path}"
        assert wait_until(lambda: requests.get(address, timeout=5).ok, 30)
        time.sleep(SETTLE_SECONDS)
        began_at = datetime.now(UTC)
        time.sleep(QUIET_SECONDS)
        quiet = lateness(connection, began_at)
        began_at, cpu = datetime.now(UTC), tree_cpu_seconds(pid)
        flood = load(port, [_request(path)], CLIENTS, FLOOD_SECONDS)
        cpu = tree_cpu_seconds(pid) - cpu
        flooded = lateness(connection, began_at)
        anew = [
            _rendered_ms(address, f"{pages}/{made['id']}", headers, number)
            for number in range(EDITS)
        ]
        page = requests.get(address, timeout=5)
        sent = int(requests.head(address, timeout=5).headers["Content-Length"])
    count = len(flood["milliseconds"])
    return [
        ("page of 200 services and 90 days, bytes", f"{len(page.content):,}", "<= 60,000"),
        ("  as it travels", f"{sent:,}", "<= 15,000"),
        ("pages/s from memory", f"{count / flood['seconds']:,.0f}", ">= 1,500"),
        ("  p95 ms", f"{percentile(flood['milliseconds'], 0.95):.0f}", "<= 100"),
        ("  CPU ms of the web processes a page", f"{1000 * cpu / count:.2f}", ""),
        ("  not answered with 200", str(flood["failed"]), "0"),
        ("made anew, p95 ms", f"{percentile(anew, 0.95):.0f}", "<= 300"),
        ("lateness p99 of checks before the flood, s", f"{percentile(quiet, 0.99):.3f}", ""),
        ("lateness p99 of checks in the flood, s", f"{percentile(flooded, 0.99):.3f}", "<= 1.0"),
        (
            "  checks made of checks due",
            f"{len(flooded)} of {SERVICES * flood['seconds'] / INTERVAL_SECONDS:.0f}",
            "",
        ),
    ]


def _seed(connection: psycopg.Connection, endpoint: str) -> None:
    seed_services(connection, [endpoint] * SERVICES, interval_seconds=INTERVAL_SECONDS)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    values = {"since": today - timedelta(days=DAYS), "today": today}
    connection.execute(
        "UPDATE services SET organization_id = (SELECT organization_id FROM memberships LIMIT 1),"
        " name = 'Service ' || left(id::text, 8), created_at = %(since)s",
        values,
    )
    connection.execute(_DAYS, values)
    connection.execute(
        "INSERT INTO metric_progress (id, sealed_until, done_until)"
        " VALUES (true, %(today)s, %(today)s)"
        " ON CONFLICT (id) DO UPDATE SET sealed_until = %(today)s, done_until = %(today)s",
        values,
    )


def _page(connection: psycopg.Connection) -> dict[str, object]:
    rows = connection.execute("SELECT id::text FROM services LIMIT %s", (SHOWN,)).fetchall()
    ids = [id for (id,) in rows]
    sections = [
        {"name": f"Part {begin}", "service_ids": ids[begin : begin + 50]}
        for begin in range(0, SHOWN, 50)
    ]
    return {"name": "Bench", "slug": "bench", "sections": sections}


def _request(path: str) -> str:
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n"
        "Connection: keep-alive\r\n\r\n"
    )


def _rendered_ms(address: str, page: str, headers: dict[str, str], number: int) -> float:
    """Edit the page; return how long the first request took that got it as it is now."""
    description = f"Edit {number}"
    answer = requests.patch(page, json={"description": description}, headers=headers, timeout=30)
    answer.raise_for_status()
    end = time.monotonic() + 30
    while time.monotonic() < end:
        began_at = time.perf_counter()
        found = requests.get(address, timeout=5)
        spent = 1000 * (time.perf_counter() - began_at)
        if description in found.text:
            return spent
        time.sleep(0.02)
    raise TimeoutError(f"the page does not show {description!r}")
