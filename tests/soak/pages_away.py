"""A status page while PostgreSQL, Valkey or both are stopped: it answers, and says how old it is.

The servers are the soak's own, so that it can really stop them; the web process is killed and
comes back in the middle of the last stop. Nothing but an answer of 200 is taken, but for the
seconds in which the killed web process starts.
"""

import os
import re
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import requests

from app.local.embedded import Embedded
from tests.flows.product import Product, target
from tests.waiting import seconds_until

AWAY_SECONDS = float(os.environ.get("SOAK_AWAY_SECONDS", "300"))
STALE_SECONDS, BACK_SECONDS, START_SECONDS, GRACE_SECONDS = 120.0, 5.0, 20.0, 12.0
_PARTS = ("", "/summary.json", "/feed.atom", "/history", "/maintenance.ics", "/embed")


@dataclass
class Stop:
    """What a page did while servers were away; seconds since they were stopped."""

    servers: tuple[str, ...]
    answers: int = 0
    slowest_ms: float = 0.0
    said_its_age_after: float | None = None
    told_nothing_after: float | None = None
    fresh_after: float | None = None  # since they were back
    restarted: bool = False
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        age, stale, back = (
            "never" if seconds is None else f"after {seconds:.1f} s"
            for seconds in (self.said_its_age_after, self.told_nothing_after, self.fresh_after)
        )
        return (
            f"{' and '.join(self.servers)} away for {AWAY_SECONDS:.0f} s"
            f"{', web restarted meanwhile' if self.restarted else ''}: {self.answers} answers of"
            f" 200, the slowest {self.slowest_ms:.0f} ms; its age said {age}, nothing claimed"
            f" {stale}, fresh again {back}"
        )


def run() -> str:
    """Stop PostgreSQL, Valkey and both; return what was seen. Raises AssertionError."""
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-soak-") as folder,
        Embedded(Path(folder) / "servers", durable=False) as servers,
        target() as watched,
        Product(
            (Path(folder) / "product").resolve(),
            DATABASE_URL=servers.database_url,
            REDIS_URL=servers.redis_url,
        ) as product,
    ):
        product.ready()
        product.register()
        service = product.service(watched.url)
        section = {"name": "All", "service_ids": [service["id"]]}
        product.call("POST", "/status-pages", {"name": "Acme", "slug": "a", "sections": [section]})
        page = f"http://127.0.0.1:{product.port}/status/a"
        seconds_until(lambda: "All systems work" in requests.get(page, timeout=5).text, 30)
        time.sleep(5)  # by now every web process has it
        stops = [
            _stop(product, servers, page, ("postgres",)),
            _stop(product, servers, page, ("valkey",)),
            _stop(product, servers, page, ("postgres", "valkey"), restarts=True),
        ]
    faults = [fault for stop in stops for fault in stop.faults]
    assert not faults, "\n".join([*map(str, stops), *faults])
    return "\n".join(map(str, stops))


def _stop(
    product: Product,
    servers: Embedded,
    page: str,
    names: Sequence[str],
    *,
    restarts: bool = False,
) -> Stop:
    found = Stop(tuple(names))
    children = {server.name: server for server in (servers.postgres, servers.valkey)}
    for name in names:
        children[name].child.terminate()
        assert children[name].child.wait(20), f"{name} does not stop"
    began = time.monotonic()
    forgiven_until = 0.0
    while (passed := time.monotonic() - began) < AWAY_SECONDS:
        if restarts and not found.restarted and passed > AWAY_SECONDS / 2:
            os.kill(product.child("web"), signal.SIGKILL)
            found.restarted, forgiven_until = True, passed + START_SECONDS
        for part in _PARTS:
            _ask(found, page, part, passed, is_forgiven=passed < forgiven_until)
        time.sleep(0.5)
    _check_bounds(found, "postgres" in names)
    for name in names:
        children[name].start()
        seconds_until(children[name].is_ready, 60)
    found.fresh_after = seconds_until(lambda: _is_fresh(page), 60)
    if found.fresh_after > BACK_SECONDS:
        found.faults.append(f"{names}: fresh only {found.fresh_after:.1f} s after they were back")
    return found


def _ask(found: Stop, page: str, part: str, passed: float, *, is_forgiven: bool) -> None:
    began = time.monotonic()
    try:
        answer = requests.get(page + part, timeout=10)
    except requests.RequestException as error:
        if not is_forgiven:
            found.faults.append(f"{found.servers} at {passed:.1f} s: {part}: {error}")
        return
    found.slowest_ms = max(found.slowest_ms, (time.monotonic() - began) * 1000)
    found.answers += answer.status_code == 200
    if answer.status_code != 200 and not is_forgiven:
        found.faults.append(f"{found.servers} at {passed:.1f} s: {part}: {answer.status_code}")
    if part:
        return
    if found.said_its_age_after is None and "Shown as of" in answer.text:
        found.said_its_age_after = passed
    says_nothing = "<h1>We cannot tell at the moment</h1>" in answer.text
    if found.told_nothing_after is None and says_nothing:
        found.told_nothing_after = passed
    is_old = "postgres" in found.servers and passed > STALE_SECONDS + GRACE_SECONDS
    if is_old and not (says_nothing and re.search("Last known: All systems work", answer.text)):
        found.faults.append(f"{found.servers} at {passed:.1f} s: a state is claimed that is old")


def _check_bounds(found: Stop, is_database_away: bool) -> None:
    checks: list[tuple[float | None, Callable[[float | None], bool], str]] = [
        (found.said_its_age_after, lambda s: s is not None and s < GRACE_SECONDS, "its age"),
        (
            found.told_nothing_after,
            lambda s: s is not None and s < STALE_SECONDS + GRACE_SECONDS,
            "that it cannot tell",
        ),
    ]
    for seconds, is_right, what in checks:
        if is_database_away and not is_right(seconds):
            found.faults.append(f"{found.servers}: {what} was said after {seconds} s")
        # Without hints of Valkey the snapshots are made all the same.
        if not is_database_away and seconds is not None:
            found.faults.append(f"{found.servers}: {what} was said after {seconds} s")


def _is_fresh(page: str) -> bool:
    text = requests.get(page, timeout=10).text
    return "All systems work" in text and "Shown as of" not in text
