"""Growth: the same checks a second of ever more services; a start with 100,000 of them; workers.

Every case runs the whole product as `make run` does. GROWTH_SECONDS=600 in the environment watches
100,000 services for ten minutes, where one is enough to see the shape.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from tests.bench.product import Product, fill, product
from tests.bench.world import World, percentile

SAME_RATE = ((200, 1), (2_000, 10), (20_000, 100), (100_000, 500))  # services, seconds
MANY, MANY_INTERVAL = 100_000, 300
WORKERS = (2, 4)
ORGANIZATIONS = 50
SETTLE_SECONDS = 20.0  # what was due at the start has been made up for
WINDOW_SECONDS = 40.0
LONG_WINDOW_SECONDS = float(os.environ.get("GROWTH_SECONDS", "60"))

Rows = list[tuple[str, str, str]]

_FINISHED = """
SELECT extract(epoch FROM checked_at - scheduled_for)::float, status FROM check_results
WHERE checked_at > %s AND checked_at <= %s
"""


class _Window:
    """Window of time: what was checked in it, how late, and what that cost."""

    def __init__(self, here: Product, connection: psycopg.Connection, seconds: float) -> None:
        began_at, cpu = datetime.now(UTC), here.cpu_seconds()
        time.sleep(seconds)
        cpu = here.cpu_seconds() - cpu
        ended_at = datetime.now(UTC)
        self.megabytes = here.pss_megabytes()
        time.sleep(2)  # results that change nothing are stored within a second
        rows = connection.execute(_FINISHED, (began_at, ended_at)).fetchall()
        late = [row[0] for row in rows]
        self.checks = len(rows)
        self.failed = sum(row[1] != "GREEN" for row in rows)
        self.p99 = percentile(late, 0.99)
        self.cpu_each = cpu / len(rows) * 1000


def run(world: World) -> Rows:
    """Return rows of (what, figure, bound)."""
    endpoint = f"http://127.0.0.1:{world.target_port}/ok"
    return [*_same_rate(endpoint), *_many(endpoint), *_workers(endpoint)]


def _same_rate(endpoint: str) -> Rows:
    rows: Rows = []
    costs: list[float] = []
    for services, interval in SAME_RATE:
        with _checking(endpoint, services, interval) as (here, connection):
            found = _Window(here, connection, WINDOW_SECONDS)
        costs.append(found.cpu_each)
        rows += [
            (
                f"{services:,} every {interval} s: CPU-s per 1,000 checks",
                f"{found.cpu_each:.3f}",
                "",
            ),
            ("  lateness p99, s", f"{found.p99:.3f}", ""),
            ("  memory of everything (PSS), MB", f"{found.megabytes:.0f}", ""),
        ]
    growth = f"{(costs[-1] / costs[0] - 1) * 100:+.0f} %"
    return [*rows, ("from 200 to 100,000 services, CPU of a check", growth, "<= +15 %")]


def _many(endpoint: str) -> Rows:
    with tempfile.TemporaryDirectory(prefix="alertifypro-bench-") as folder:
        state = Path(folder) / "state"
        with _filled(state, endpoint, MANY, MANY_INTERVAL):
            pass
        with product(state) as here, here.connect() as connection:
            time.sleep(SETTLE_SECONDS)
            found = _Window(here, connection, LONG_WINDOW_SECONDS)
            seconds = here.start_seconds
    due = MANY * LONG_WINDOW_SECONDS / MANY_INTERVAL
    return [
        (f"start with {MANY:,} services, warm, s", f"{seconds:.1f}", "<= 8"),
        (f"{MANY:,} every {MANY_INTERVAL} s: lateness p99, s", f"{found.p99:.3f}", "<= 2"),
        ("  checks made of checks due", f"{found.checks} of {due:.0f}", ""),
        ("  failed", str(found.failed), "0"),
        ("  memory of everything (PSS), MB", f"{found.megabytes:.0f}", "<= 1200"),
    ]


def _workers(endpoint: str) -> Rows:
    rows: Rows = []
    for workers in WORKERS:
        with _checking(endpoint, MANY, MANY_INTERVAL, WORKERS=str(workers)) as (here, connection):
            found = _Window(here, connection, WINDOW_SECONDS)
        rows += _short(f"{workers} workers", found)
    with _checking(endpoint, MANY, MANY_INTERVAL, ORGANIZATIONS) as (here, connection):
        found = _Window(here, connection, WINDOW_SECONDS)
    return [*rows, *_short(f"{ORGANIZATIONS} organizations", found)]


def _short(what: str, found: _Window) -> Rows:
    return [
        (f"{MANY:,} services, {what}: lateness p99, s", f"{found.p99:.3f}", "<= 2"),
        ("  CPU-s per 1,000 checks", f"{found.cpu_each:.3f}", ""),
        ("  memory of everything (PSS), MB", f"{found.megabytes:.0f}", "<= 1200"),
    ]


@contextmanager
def _checking(
    endpoint: str, services: int, interval: int, organizations: int = 1, **environment: str
) -> Iterator[tuple[Product, psycopg.Connection]]:
    """Run a new product with services, and yield once what was due at first has been made up."""
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-bench-") as folder,
        _filled(
            Path(folder) / "state", endpoint, services, interval, organizations, **environment
        ) as (here, connection),
    ):
        time.sleep(SETTLE_SECONDS)
        yield here, connection


@contextmanager
def _filled(
    state: Path,
    endpoint: str,
    services: int,
    interval: int,
    organizations: int = 1,
    **environment: str,
) -> Iterator[tuple[Product, psycopg.Connection]]:
    with product(state, **environment) as here, here.connect() as connection:
        fill(connection, endpoint, services, interval, organizations)
        yield here, connection
