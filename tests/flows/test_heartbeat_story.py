"""A job that reports by itself: silence is told within seconds, and so is its return."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product as product_of
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.flows.product import Feed, Product, moment
from tests.receivers import HttpReceiver
from tests.waiting import await_events, seconds_until, stretched

WRAPPER = Path(__file__).parent / "report.sh"
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@pytest.fixture
def hook(product: Product) -> Iterator[HttpReceiver]:
    """A webhook that hears of every alert."""
    with HttpReceiver() as receiver:
        body = {"name": "hook", "type": "webhook", "config": {"url": f"{receiver.url}/hook"}}
        product.call("POST", "/notification-channels", body)
        yield receiver


def create(product: Product, **fields: Any) -> dict[str, Any]:
    body = {"name": "Nightly backup", "schedule": "every 2s", "grace_period_seconds": 1}
    found: dict[str, Any] = product.call("POST", "/heartbeats", body | fields)
    return found


def status(product: Product, heartbeat: dict[str, Any]) -> str:
    return str(product.call("GET", f"/heartbeats/{heartbeat['id']}")["status"])


def url(product: Product, heartbeat: dict[str, Any]) -> str:
    return f"{product.api}/heartbeat/{heartbeat['unique_key']}"


def events(receiver: HttpReceiver) -> list[str]:
    return [request.json["event"] for request in list(receiver.requests)]


def test_silence_is_told_in_seconds_and_the_next_ping_ends_it(
    product: Product, hook: HttpReceiver
) -> None:
    feed = Feed(product)
    heartbeat = create(product)
    deadline = moment(heartbeat["created_at"]) + 3
    await_events(lambda: events(hook), ["alert.fired"], 12)
    assert hook.requests[0].at - deadline < stretched(5)
    alert = hook.requests[0].json["data"]["alert"]
    assert alert["title"] == "Nightly backup Missed Its Heartbeat"
    assert (alert["heartbeat_id"], alert["service_id"]) == (heartbeat["id"], None)
    assert heartbeat["unique_key"] not in hook.requests[0].body.decode()
    assert status(product, heartbeat) == "missed"

    pinged = time.time()
    product.call("PATCH", f"/heartbeats/{heartbeat['id']}", {"schedule": "every 1h"})
    assert requests.post(url(product, heartbeat), timeout=30).json()["status"] == "ok"
    assert status(product, heartbeat) == "healthy", "at once"
    await_events(lambda: events(hook), ["alert.fired", "alert.resolved"], 5)
    assert hook.requests[1].at - pinged < stretched(5)
    assert product.call("GET", "/alerts") == []
    for kind in ("heartbeat.missed", "heartbeat.ping", "heartbeat.recovered"):
        seconds_until(lambda kind=kind: feed.of(kind), 3)  # type: ignore[misc]
        assert feed.of(kind)[0][1]["data"]["heartbeat_id"] == heartbeat["id"]
    feed.close()


def test_a_failure_is_told_at_once(product: Product, hook: HttpReceiver) -> None:
    heartbeat = create(product, schedule="every 1h")
    assert requests.get(f"{url(product, heartbeat)}/fail", timeout=30).ok
    await_events(lambda: events(hook), ["alert.fired"], 5)
    assert hook.requests[0].json["data"]["alert"]["title"] == "Nightly backup Failed"


@needs_curl
def test_a_crontab_with_curl(product: Product) -> None:
    heartbeat = create(product, schedule="0 2 * * *", timezone="Europe/Berlin")
    for address in (
        url(product, heartbeat),
        f"http://127.0.0.1:{product.port}/ping/{heartbeat['unique_key']}",
    ):
        for script, code in (("echo 42 files; sleep 0.3", 0), ("echo disk full >&2; exit 3", 3)):
            job = subprocess.run(
                [WRAPPER, address, "sh", "-c", script], timeout=300, capture_output=True, text=True
            )
            assert (job.returncode, job.stderr) == (code, "")
            ended, started = product.call("GET", f"/heartbeats/{heartbeat['id']}/pings?limit=2")
            assert started["kind"] == "start"
            assert started["user_agent"].startswith("curl/")
            assert ended["kind"] == ("fail" if code else "success")
            assert ended["exit_status"] == code
            assert ended["run_id"] == started["run_id"]
            assert ended["body"] == ("disk full" if code else "42 files")
            assert ended["duration_ms"] >= (0 if code else 300)
            assert status(product, heartbeat) == ("failed" if code else "healthy")


@needs_curl
def test_overlapping_runs_of_a_crontab(product: Product) -> None:
    heartbeat = create(product, schedule="every 1h")
    path = f"/heartbeats/{heartbeat['id']}"
    jobs = []
    for number in (1, 2):
        job = [WRAPPER, url(product, heartbeat), "sh", "-c", "read line"]
        jobs.append(subprocess.Popen(job, stdin=subprocess.PIPE))
        seconds_until(lambda n=number: product.call("GET", path)["running"] == n, 3)  # type: ignore[misc]
    time.sleep(0.6)
    for job in reversed(jobs):  # the one that began last ends first
        job.communicate(b"end\n", 60)
    assert [job.returncode for job in jobs] == [0, 0]
    ended = product.call("GET", f"/heartbeats/{heartbeat['id']}/pings?kind=success")
    assert len({ping["run_id"] for ping in ended}) == 2
    assert ended[0]["duration_ms"] > ended[1]["duration_ms"] >= 600
    assert status(product, heartbeat) == "healthy"


def test_a_clock_that_is_ahead_is_no_false_alarm(product: Product) -> None:
    """What comes up to a minute before its cron time meets it; what comes earlier does not."""
    while datetime.now(UTC).second >= 45:  # what follows is done before the minute ends
        time.sleep(0.2)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    missed_after: dict[tuple[int, str], timedelta] = {}
    with product.database() as connection:
        for minutes, path in product_of((1, 2), ("", "/start")):
            at = now + timedelta(minutes=minutes)
            schedule = f"{at.minute} {at.hour} * * *"
            heartbeat = create(product, schedule=schedule, grace_period_seconds=3600)
            requests.get(url(product, heartbeat) + path, timeout=30).raise_for_status()
            row = connection.execute(
                "SELECT miss_at FROM heartbeats WHERE id = %s", (heartbeat["id"],)
            ).fetchone()
            assert row is not None
            missed_after[minutes, path] = row[0] - at - timedelta(hours=1)
    tomorrow, today = timedelta(days=1), timedelta(0)
    # A run that has started too early to meet the time may take until then.
    assert missed_after == {
        (1, ""): tomorrow,
        (1, "/start"): tomorrow,
        (2, ""): today,
        (2, "/start"): today,
    }


def test_a_badge(product: Product) -> None:
    heartbeat = create(product, schedule="every 1h")
    badge = requests.get(f"{product.api}/badges/{heartbeat['badge_key']}/status.svg", timeout=30)
    assert badge.headers["Content-Type"].startswith("image/svg+xml")
    assert "healthy" in badge.text
