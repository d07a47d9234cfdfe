"""The server keeps serving while strangers are slow, and its own refusals are JSON."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from app.api.agent import PROTOCOL_HEADER
from tests.agents import Agent, make_location
from tests.factories import make_service
from tests.free_ports import free_port
from tests.heartbeats import make_heartbeat
from tests.waiting import seconds_until, stretched

ROOT = Path(__file__).parents[2]
ROOM = 20  # connections that the process under test may have, beside those kept for the next


@pytest.fixture(scope="module")
def server(config, tmp_path_factory):
    """The port of a web process with room for few."""
    with serving(config, tmp_path_factory.mktemp("web"), "wsgi:app") as port:
        yield port


@contextmanager
def serving(config, folder, application, *, connections=50 + ROOM, files='"$(ulimit -Hn)"'):
    port = free_port()
    log = (folder / "log").open("wb")
    env = os.environ | {
        "DATABASE_URL": config.database_url.replace("+psycopg", ""),
        "REDIS_URL": config.redis_url,
        "JWT_SECRET": config.jwt_secret,
        "ENCRYPTION_KEY": "ab" * 32,
        "PORT": str(port),
        "WEB_PROCESSES": "1",
        "TRUSTED_PROXIES": "127.0.0.1/32",
    }
    process = subprocess.Popen(
        [
            *("sh", "-c", f'ulimit -n {files}; exec "$@"', "sh"),
            *(sys.executable, "-m", "gunicorn"),
            *("-c", "gunicorn.conf.py", "--worker-connections", str(connections)),
            application,
        ],
        cwd=ROOT,
        env=env,
        stdout=log,
        stderr=log,
    )
    try:
        end = time.monotonic() + 90
        while True:
            try:
                assert ask(port, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")[0] == 200
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(15)
        log.close()


def connect(port, host="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(host, 0))


def answer_of(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        if not piece:
            break
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += sock.recv(65536)
    return int(lines[0].split()[1]), headers, body


def ask(port, request, host="127.0.0.1"):
    with connect(port, host) as sock:
        sock.sendall(request)
        return answer_of(sock)


LOGIN = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 150 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 9000 + b"\r\n\r\n", 431),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n", 400),
        (LOGIN + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", 400),
        (LOGIN + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx\r\n0\r\n\r\n", 400),
        (LOGIN + b"Transfer-Encoding: what\r\n\r\n", 501),
        (LOGIN + b"Content-Length: -1\r\n\r\n", 400),
        (LOGIN + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
        (LOGIN + b"Expect: miracles\r\nContent-Length: 2\r\n\r\n{}", 417),
    ],
)
def test_what_is_no_request_is_refused_in_json(server, request_bytes, status):
    found, headers, body = ask(server, request_bytes)
    assert found == status, body
    assert headers["content-type"] == "application/json"
    assert set(json.loads(body)) == {"error"}


def test_a_body_has_ten_seconds_and_then_a_minimum_rate(server):
    began = time.monotonic()
    length, chunked = b"Content-Length: 1000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"
    drip_of = {
        LOGIN + length + b"{": b" ",
        LOGIN.replace(b"HTTP/1.1", b"HTTP/1.0") + length + b"{": b" ",
        LOGIN + b"Expect: 100-continue\r\n" + length: b" ",
        LOGIN + chunked: b"1\r\n \r\n",
        LOGIN + chunked + b"1": b";a=b",  # the size of a chunk without an end
    }
    with ExitStack() as stack:
        still = stack.enter_context(connect(server))
        still.sendall(LOGIN + length + b"{")
        dripping = {stack.enter_context(connect(server)): drip for drip in drip_of.values()}
        for sock, beginning in zip(dripping, drip_of, strict=True):
            sock.sendall(beginning)
        for _ in range(12):
            time.sleep(1)
            for sock, drip in dripping.items():
                with suppress(OSError):
                    sock.sendall(drip)
        status, headers, body = answer_of(still)
        assert status == 408
        assert headers["content-type"] == "application/json"
        assert "too slowly" in json.loads(body)["error"]
        assert still.recv(1) == b"", "the connection is closed"
        for sock, beginning in zip(dripping, drip_of, strict=True):
            answer = b""
            with suppress(ConnectionResetError):  # what we send on is not read any more
                while piece := sock.recv(65536):
                    answer += piece
            assert b" 408 " in answer, beginning
    assert time.monotonic() - began < stretched(40)


def test_whoever_sends_a_whole_request_is_served_among_slow_ones(server):
    with ExitStack() as stack:
        slow = [stack.enter_context(connect(server)) for _ in range(4 * ROOM)]
        for number, sock in enumerate(slow):
            half = b"" if number % 3 == 0 else b"GET /health HTTP/1.1\r\nHo"
            if number % 3 == 1:
                half = LOGIN + b"Content-Length: 1000\r\n\r\n{"
            try:
                sock.sendall(half)
            except OSError:
                continue  # it has made room already
        began = time.monotonic()
        for _ in range(10):
            assert ask(server, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")[0] == 200
        unknown = b"GET /ping/no-such-key HTTP/1.1\r\nHost: x\r\n\r\n"
        assert ask(server, unknown)[0] == 404
        assert time.monotonic() - began < stretched(8)


@pytest.mark.parametrize(
    ("beginning", "rest"),
    [
        (b"", b"GET /no-such-page HTTP/1.1\r\nHost: x\r\n\r\n" * 1000),
        (LOGIN + b"Content-Length: 1000000000000\r\n\r\n", b"x" * 1_000_000),
    ],
    ids=["requests", "body"],
)
def test_whoever_sends_faster_than_we_read_takes_turns_with_the_others(server, beginning, rest):
    """What has arrived already is read without a wait, in which others would have their turn."""
    over, sending = threading.Event(), threading.Semaphore(0)

    def send():
        with suppress(OSError), connect(server) as sock:
            reader = threading.Thread(target=drain, args=(sock,), daemon=True)
            reader.start()
            sock.sendall(beginning)
            sock.send(rest)
            sending.release()
            while not over.is_set():
                sock.sendall(rest)

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    try:
        for _ in senders:
            assert sending.acquire(timeout=60)
        slowest, end = 0.0, time.monotonic() + 1.5
        while time.monotonic() < end:
            began = time.monotonic()
            assert ask(server, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")[0] == 200
            slowest = max(slowest, time.monotonic() - began)
    finally:
        over.set()
        for sender in senders:
            sender.join(25)
    assert slowest < stretched(2)


def drain(sock):
    with suppress(OSError):
        while sock.recv(65536):
            pass


def test_where_few_files_may_be_open_others_are_served_as_well(config, tmp_path):
    """Every connection is an open file: without any nobody was accepted."""
    with (
        serving(config, tmp_path, "wsgi:app", connections=1500, files=200) as port,
        ExitStack() as stack,
    ):
        for _ in range(300):
            stack.enter_context(connect(port))
        began = time.monotonic()
        for _ in range(10):
            assert ask(port, b"GET /ready HTTP/1.1\r\nHost: x\r\n\r\n")[0] == 200
        assert time.monotonic() - began < stretched(20)
    log = (tmp_path / "log").read_text()
    assert "Too many open files" not in log


def test_one_address_does_not_take_all_connections(server):
    """127.0.0.2 is no proxy of this server."""
    answers = []
    with ExitStack() as stack:
        for _ in range(ROOM // 2 + 3):
            sock = stack.enter_context(connect(server, "127.0.0.2"))
            sock.settimeout(0.1)
            try:
                answers.append(answer_of(sock))
            except TimeoutError:
                continue  # it waits for our request
            except IndexError:
                continue  # it has made room
        refused = [answer for answer in answers if answer[0] == 429]
        assert refused
        assert "too many connections" in json.loads(refused[0][2])["error"]
        assert ask(server, b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")[0] == 200


def test_a_port_for_pings_serves_them_and_nothing_else(app, alice, config, tmp_path):
    heartbeat = make_heartbeat(alice)
    key = heartbeat["ping_url"].rpartition("/")[2]
    with serving(config, tmp_path, "wsgi_pings:app") as port:
        for path in (f"/ping/{key}", f"/api/v1/heartbeat/{key}"):
            assert ask(port, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())[0] == 200
        for path in ("/api/v1/services", "/", "/ops/rq", "/healthy"):
            status, headers, body = ask(port, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert status == 404
            assert headers["content-type"] == "application/json"
            assert "only pings" in json.loads(body)["error"]


def test_an_agent_that_has_gone_away_claims_nothing(server, app, alice, configure):
    configure(plan_limits=False)
    location = make_location(alice)
    agent = Agent(app, location["key"])
    body = {"limit": 5, "ahead_seconds": 0, "wait_seconds": 15, "pulse": agent.pulse()}
    data = json.dumps(body).encode()
    head = (
        "POST /api/v1/agent/claims HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {location['key']}\r\n{PROTOCOL_HEADER}: {agent.protocol}\r\n"
        f"Content-Length: {len(data)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server), timeout=10) as connection:
        connection.sendall(head.encode() + data)
        path = f"/locations/{location['id']}"
        seconds_until(lambda: alice.get(path).json["agents"] != [], 10)
    service = make_service(alice, regions=[location["region"]])
    time.sleep(1.5)  # in which a long poll looks at least once
    (claim,) = agent.claims()["claims"]
    assert claim["service_id"] == service["id"]
