"""Kill every process the hard way, empty Redis: checks go on, and nothing is recorded twice."""

import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from redis import Redis

from tests.flows.product import Product, Target, children_of, target
from tests.waiting import seconds_until, stretched

INTERVAL_SECONDS = 2
SERVICES = 12
BOUND_SECONDS = INTERVAL_SECONDS + 5


@pytest.fixture(scope="module")
def watched() -> Iterator[tuple[Product, Target]]:
    """A product of this module's own with some services under watch."""
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-faults-") as folder,
        target() as shop,
        Product(Path(folder).resolve()) as product,
    ):
        product.ready()
        product.register()
        for number in range(SERVICES):
            product.service(
                shop.url,
                name=f"Shop {number}",
                check_interval_seconds=INTERVAL_SECONDS,
                timeout_seconds=INTERVAL_SECONDS,
                slow_threshold_ms=60000,  # how fast is not the question here
            )
        seconds_until(lambda: statuses(product) == {"GREEN"}, 10)
        yield product, shop


def statuses(product: Product) -> set[str]:
    return {service["status"] for service in product.call("GET", "/services")}


def results_since(product: Product, since: datetime) -> list[tuple[Any, ...]]:
    with product.database() as connection:
        return connection.execute(
            "SELECT service_id, checked_at, status FROM check_results WHERE checked_at > %s",
            (since,),
        ).fetchall()


def now(product: Product) -> datetime:
    with product.database() as connection:
        row = connection.execute("SELECT now()").fetchone()
    assert row is not None
    found: datetime = row[0]
    return found


def everything_checked_again(product: Product, since: datetime) -> bool:
    try:
        return len({row[0] for row in results_since(product, since)}) == SERVICES
    except psycopg.OperationalError:
        return False


@pytest.mark.parametrize(
    "victim",
    [
        "probes-1",
        "probes-1/recorder",
        "scheduler",
        "web",
        "fork-server",
        "background",
        "metrics",
        "valkey",
        "postgres",
    ],
)
def test_checks_go_on_after_a_kill(watched: tuple[Product, Target], victim: str) -> None:
    product, _ = watched
    since = now(product)
    product.kill(victim)
    took = seconds_until(lambda: everything_checked_again(product, since), BOUND_SECONDS)
    assert took < BOUND_SECONDS
    seconds_until(lambda: ready(product)[0] == 200, 10)
    assert {row[2] for row in results_since(product, since)} == {"GREEN"}


@pytest.mark.parametrize("part", ["probes-1", "probes-1/recorder"])
def test_a_worker_and_its_recorder_end_together(watched: tuple[Product, Target], part: str) -> None:
    product, _ = watched
    worker = product.child("probes-1")
    recorder = product.recorder("probes-1")
    product.kill(part)
    for pid in (worker, recorder):
        seconds_until(lambda pid=pid: has_ended(pid), 3)
    took = seconds_until(lambda: product.child("probes-1") != worker, BOUND_SECONDS)
    assert took < BOUND_SECONDS


def test_a_check_in_hand_is_made_again_at_once(watched: tuple[Product, Target]) -> None:
    product, _ = watched
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(stretched(20))
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        service = product.service(
            endpoint, name="Silent", check_interval_seconds=60, timeout_seconds=60
        )
        first, _ = silent.accept()
        silent.settimeout(stretched(BOUND_SECONDS))
        product.kill("probes-1")
        again, _ = silent.accept()  # its lease lasts 63 seconds
        first.close()
        again.close()
        product.call("DELETE", f"/services/{service['id']}")


def has_ended(pid: int) -> bool:
    """True for a process that is gone, or a zombie that nobody has waited for yet (proc(5))."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def test_checks_go_on_after_redis_was_emptied(watched: tuple[Product, Target]) -> None:
    product, _ = watched
    since = now(product)
    with Redis.from_url(product.address_of("REDIS_URL")) as redis:
        redis.flushall()
    took = seconds_until(lambda: everything_checked_again(product, since), BOUND_SECONDS)
    assert took < BOUND_SECONDS


def test_checks_go_on_while_redis_hangs(watched: tuple[Product, Target]) -> None:
    product, _ = watched
    seconds_until(lambda: ready(product)[0] == 200, 10)
    pid = product.child("valkey")
    os.kill(pid, signal.SIGSTOP)  # SIGSTOP: connections stay open and nobody answers
    try:
        time.sleep(1)
        since = now(product)
        took = seconds_until(lambda: everything_checked_again(product, since), 2 * BOUND_SECONDS)
        assert took < 2 * BOUND_SECONDS
        assert "redis" in str(ready(product)[1])
        product.call("GET", "/services")
    finally:
        os.kill(pid, signal.SIGCONT)


def test_readiness_tells_when_the_database_is_away(watched: tuple[Product, Target]) -> None:
    product, _ = watched
    seconds_until(lambda: ready(product)[0] == 200, 10)
    pid = product.child("postgres")
    os.kill(pid, signal.SIGSTOP)
    children = children_of(pid)
    for child in children:
        os.kill(child, signal.SIGSTOP)
    try:
        seconds_until(lambda: ready(product)[0] == 503, 5)  # it is looked up twice a second
        status, body = ready(product)
        assert status == 503
        assert body["status"] == "not ready"
        assert "127.0.0.1" not in str(body)
    finally:
        for child in children:
            os.kill(child, signal.SIGCONT)
        os.kill(pid, signal.SIGCONT)
    seconds_until(lambda: ready(product)[0] == 200, 15)


def ready(product: Product) -> tuple[int, dict[str, Any]]:
    try:
        answer = requests.get(f"http://127.0.0.1:{product.port}/ready", timeout=20)
    except requests.RequestException:
        return 0, {}
    return answer.status_code, answer.json()


def test_nothing_was_recorded_twice_for_one_due_time(watched: tuple[Product, Target]) -> None:
    product, _ = watched
    with product.database() as connection:
        rows = connection.execute(
            "SELECT service_id, region, scheduled_for FROM check_results"
            " GROUP BY 1, 2, 3 HAVING count(*) > 1"
        ).fetchall()
        slots = connection.execute(
            "SELECT count(*) FROM (SELECT lag(scheduled_for) OVER w AS before, scheduled_for AS at"
            " FROM check_results WINDOW w AS (PARTITION BY service_id ORDER BY scheduled_for)) s"
            " WHERE at - before < interval '1 second' * %s * 0.5",
            (INTERVAL_SECONDS,),
        ).fetchone()
    assert rows == []
    # Only the first check of a service, which does not wait for its place on the grid, may be
    # closer to its neighbour than that.
    assert slots is not None
    assert slots[0] <= SERVICES
