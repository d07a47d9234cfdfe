"""The running product as a stranger meets it: an address, an account, a live feed."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as connect_websocket

from app.local.state import StateDir
from tests.local.launched import PRODUCT, Launched
from tests.receivers import HttpReceiver, MailReceiver
from tests.waiting import seconds_until

PASSWORD = "correct horse battery"


class Product(Launched):
    """The launcher with everything it supervises, and somebody who has registered."""

    mail: MailReceiver
    pager: HttpReceiver

    def __init__(self, state: Path, *, is_prepared: bool = True, **settings: str) -> None:
        defaults = {
            "MIN_CHECK_INTERVAL_SECONDS": "1",
            "PLAN_LIMITS": "off",
            "RATE_LIMITS": "off",
        }
        super().__init__(state, program=PRODUCT, is_prepared=is_prepared, **(defaults | settings))
        self.session = requests.Session()
        self.token = ""

    @property
    def api(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self.port}/api/v1"

    def register(self, email: str = "me@example.com") -> dict[str, Any]:
        """Make an account and sign in; later calls are made with its token."""
        person = {"email": email, "password": PASSWORD, "full_name": "Me"}
        self.call("POST", "/auth/register", person)
        found = self.call("POST", "/auth/login", {"email": email, "password": PASSWORD})
        self.token = found["token"]
        self.session.headers["Authorization"] = f"Bearer {self.token}"
        return found

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON answer to a call that must succeed."""
        answer = self.session.request(method, self.api + path, json=body, timeout=30)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def service(self, endpoint: str, check_type: str = "HTTP", **fields: Any) -> dict[str, Any]:
        """Create a service that is checked every second."""
        body = {
            "name": "Shop",
            "endpoint": endpoint,
            "check_type": check_type,
            "check_interval_seconds": 1,
            "timeout_seconds": 1,
        }
        found: dict[str, Any] = self.call("POST", "/services", body | fields)
        return found

    def status(self, service_id: str) -> str:
        """Return a service's status."""
        return str(self.call("GET", f"/services/{service_id}")["status"])

    def logs(self, lines: int = 60) -> str:
        """Return the last lines of each process' log, for a test that fails."""
        return "\n".join(
            f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
            for path in sorted(self.state.glob("logs/*.log"))
        )

    def rest(self) -> None:
        """Pause all services of the account: what is watched costs as long as it runs."""
        services = self.call("GET", "/services?limit=1000")
        if ids := [each["id"] for each in services]:
            self.call("POST", "/services/bulk", {"ids": ids, "action": "pause"})

    def database(self) -> psycopg.Connection[Any]:
        """Return a connection to its database."""
        return psycopg.connect(
            self.address_of("DATABASE_URL"), autocommit=True, prepare_threshold=None
        )

    def address_of(self, name: str) -> str:
        """Return the address of one of its servers: DATABASE_URL or REDIS_URL."""
        return StateDir(self.state).published()[name]

    def recorder(self, worker: str) -> int:
        """Return the process number of a worker's recorder, which it forks when it starts.

        The worker's own number is read each time: it may be just starting again.
        """
        found: list[int] = []

        def look() -> list[int]:
            found[:] = [pid for pid in children_of(self.child(worker)) if _name(pid) == "recorder"]
            return found

        seconds_until(look, 10)
        (recorder,) = found
        return recorder

    def kill(self, name: str) -> int:
        """Kill a child the hard way, or the recorder of one; return the process number it had."""
        child, _, part = name.partition("/")
        pid = self.recorder(child) if part else self.child(child)
        os.kill(pid, signal.SIGKILL)
        return pid


def children_of(pid: int) -> list[int]:
    """Return the process numbers of what a process has started itself (proc(5), Linux)."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _parent(entry) == pid]


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


class Feed(threading.Thread):
    """Everything the live feed sends, with the time it arrived; it listens once it is made."""

    def __init__(self, product: Product) -> None:
        super().__init__(daemon=True)
        self.url = f"ws://127.0.0.1:{product.port}/api/v1/ws?token={product.token}"
        self.frames: list[tuple[float, dict[str, Any]]] = []
        self._closing = threading.Event()
        self._greeted = threading.Event()
        self.start()
        assert self._greeted.wait(60), "no greeting from the live feed"

    def run(self) -> None:
        """Read until the test has seen enough or the server is gone."""
        with connect_websocket(self.url, max_size=None) as socket, suppress(ConnectionClosed):
            while not self._closing.is_set():
                with suppress(TimeoutError):
                    frame = socket.recv(timeout=0.2)
                    self.frames.append((time.time(), json.loads(frame)))
                    self._greeted.set()

    def close(self) -> None:
        """Leave."""
        self._closing.set()
        self.join(5)

    def of(self, kind: str) -> list[tuple[float, dict[str, Any]]]:
        """Return the frames of a kind."""
        return [(at, frame) for at, frame in list(self.frames) if frame["type"] == kind]


class BusyServer(ThreadingHTTPServer):
    """Takes a burst of connections: with the usual backlog of five some would wait a second."""

    request_queue_size = 512
    daemon_threads = True


class Target:
    """An HTTP server whose behaviour a test changes while it runs; it can go away and come back."""

    def __init__(self) -> None:
        self.status, self.delay_seconds = 200, 0.0
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.start()

    def start(self) -> None:
        """Listen, on the same port as before."""
        target = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                time.sleep(target.delay_seconds)
                self.send_response(target.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = BusyServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Refuse connections."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/"


@contextmanager
def target() -> Iterator[Target]:
    """Run a target for a while."""
    running = Target()
    try:
        yield running
    finally:
        running.stop()


def moment(text: str) -> float:
    """Return an API time as seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()
