"""Bodies of pings against the real server: cut, never refused, and shown where a job failed."""

import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.flows.product import Product, children_of, moment
from tests.flows.test_heartbeat_story import create, events, status, url
from tests.receivers import HttpReceiver
from tests.waiting import await_events, seconds_until

MIB = 1024 * 1024


@pytest.fixture
def hook(product: Product) -> Iterator[HttpReceiver]:
    """A webhook that hears of every alert."""
    with HttpReceiver() as receiver:
        body = {"name": "hook", "type": "webhook", "config": {"url": f"{receiver.url}/hook"}}
        product.call("POST", "/notification-channels", body)
        yield receiver


def memory_kib(product: Product) -> int:
    """Return the most memory that any web process has taken so far."""
    statuses = [
        Path(f"/proc/{pid}/status").read_text() for pid in children_of(product.child("web"))
    ]
    peaks = [line for text in statuses for line in text.splitlines() if line.startswith("VmHWM")]
    return max(int(line.split()[1]) for line in peaks)


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_stream_of_a_hundred_megabytes_takes_no_memory(
    product: Product, is_chunked: bool
) -> None:
    heartbeat = create(product, schedule="every 1h")
    requests.post(url(product, heartbeat), data=b"warm", timeout=30)
    before = memory_kib(product)
    session, piece = requests.Session(), b"x" * MIB
    stream = (piece for _ in range(100))
    if is_chunked:
        answer = session.post(f"{url(product, heartbeat)}/fail", data=stream, timeout=60)
    else:
        request = requests.Request("POST", f"{url(product, heartbeat)}/fail", data=stream).prepare()
        del request.headers["Transfer-Encoding"]
        request.headers["Content-Length"] = str(100 * MIB)
        answer = session.send(request, timeout=60)
    assert answer.status_code == 200, answer.text
    assert session.get(url(product, heartbeat), timeout=60).ok, "on the same connection"
    assert memory_kib(product) - before < 20 * 1024
    success, failure = product.call("GET", f"/heartbeats/{heartbeat['id']}/pings")[:2]
    assert (success["kind"], failure["kind"], len(failure["body"])) == ("success", "fail", 10_000)


BROKEN = {
    "size": b"zz\r\nabc\r\n0\r\n\r\n",
    "short": b"5\r\nabc\r\n0\r\n\r\n",
    "negative": b"-1\r\n\r\n",
    "extension": b"5;\x00\r\nabcde\r\n",
}
PATHS = {
    "ping": "/api/v1/heartbeat/{key}",
    "healthchecks": "/ping/{key}",
    "login": "/api/v1/auth/login",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_broken_chunks_are_a_bad_request(product: Product, body: bytes, path: str) -> None:
    heartbeat = create(product, schedule="every 1h")
    target = path.format(key=heartbeat["unique_key"])
    head = f"POST {target} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    head += "Content-Type: application/json\r\n\r\n"
    with socket.create_connection(("127.0.0.1", product.port), timeout=60) as connection:
        connection.sendall(head.encode() + body)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 400"), answer
    assert product.call("GET", f"/heartbeats/{heartbeat['id']}/pings") == []


CUT = {
    "in-a-chunk": ("Transfer-Encoding: chunked", b"64\r\ndisk full"),
    "after-a-chunk": ("Transfer-Encoding: chunked", b"9\r\ndisk full"),
    "in-a-size": ("Transfer-Encoding: chunked", b"9\r\ndisk full\r\n1"),
    "before-the-trailer": ("Transfer-Encoding: chunked", b"9\r\ndisk full\r\n0\r\n"),
    "in-a-length": ("Content-Length: 100", b"disk full"),
}


def is_read(connection: socket.socket) -> bool:
    """Return whether the other end has read all that was sent (proc_net_tcp(5), IPv4)."""
    own = f"0100007F:{connection.getsockname()[1]:04X}"
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    unsent = [row[4].split(":")[0] for row in rows if row[1] == own]
    unread = [row[4].split(":")[1] for row in rows if row[2] == own]
    return {int(queue, 16) for queue in unsent + unread} == {0} and bool(unread)


@pytest.mark.parametrize("cut", CUT)
def test_a_ping_counts_whose_client_dies(product: Product, cut: str) -> None:
    heartbeat = create(product, schedule="every 1h")
    framing, body = CUT[cut]
    for path in (PATHS["ping"], PATHS["healthchecks"]):
        target = path.format(key=heartbeat["unique_key"])
        head = f"POST {target}/fail HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", product.port), timeout=60) as connection:
            connection.sendall(head.encode() + body)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    with socket.create_connection(("127.0.0.1", product.port), timeout=60) as connection:
        connection.sendall(head.encode() + body)
        seconds_until(lambda: is_read(connection), 10)  # a reset takes away what is not
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    pings = f"/heartbeats/{heartbeat['id']}/pings"
    seconds_until(lambda: len(product.call("GET", pings)) == 3, 10)
    said = "disk full\n[body cut: the connection closed or stalled before its end]"
    assert [(one["kind"], one["body"]) for one in product.call("GET", pings)[1:]] == [
        ("fail", said)
    ] * 2


def test_what_a_failed_job_said_stands_in_its_alert(product: Product, hook: HttpReceiver) -> None:
    heartbeat = create(product, schedule="every 1h")
    said = "pg_dump: error: \x1b[31mdisk full\x1b[0m\n" + "x" * 2000
    requests.post(f"{url(product, heartbeat)}/3", data=said.encode(), timeout=30)
    await_events(lambda: events(hook), ["alert.fired"], 5)
    message = hook.requests[0].json["data"]["alert"]["message"]
    assert message.startswith("The job ended with exit status 3.\npg_dump: error:")
    assert "disk full" in message
    assert "\x1b" not in message
    assert len(message) < 1100


def test_a_corrected_schedule_is_evaluated_at_once(product: Product, hook: HttpReceiver) -> None:
    heartbeat = create(product)
    await_events(lambda: events(hook), ["alert.fired"], 15)
    late_until = moment(heartbeat["created_at"]) + 2 + 2  # with a grace of two seconds
    seconds_until(lambda: time.time() > late_until, 5)
    product.call("PATCH", f"/heartbeats/{heartbeat['id']}", {"grace_period_seconds": 2})
    assert status(product, heartbeat) == "missed", "it would be missed with that as well"
    product.call("PATCH", f"/heartbeats/{heartbeat['id']}", {"schedule": "every 1h"})
    assert status(product, heartbeat) == "healthy"
    await_events(lambda: events(hook), ["alert.fired", "alert.resolved"], 5)
    (alert,) = product.call("GET", f"/alerts?status=all&heartbeat_id={heartbeat['id']}")
    line = product.call("GET", f"/alerts/{alert['id']}")["timeline"][-1]
    assert line["text"] == "the schedule was changed"
