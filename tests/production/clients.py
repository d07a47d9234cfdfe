"""Clients and targets beside the containers: people, jobs, what is watched and what is told."""

import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import requests
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect as connect_websocket

from tests.production.network import GATEWAY

TARGET_PORT = 8080
RETRY_SECONDS = 0.5


class Targets:
    """Server of what is watched, and receiver of what is told."""

    def __init__(self) -> None:
        self.down: set[str] = set()
        self.messages: list[dict[str, Any]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.send_response(503 if self.path in owner.down else 200)
                self.send_header("Content-Length", "0")
                self.send_header("Connection", "close")
                self.end_headers()

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                owner.messages.append(json.loads(self.rfile.read(length)))
                self.do_GET()

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 512
            daemon_threads = True

        self._server = Server((GATEWAY, TARGET_PORT), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()


@dataclass
class Client:
    """Somebody who retries once, half a second later, as a good client does."""

    url: str
    authority: str
    token: str = ""
    answers: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False  # proxies and authorities of this machine
        self.session.verify = self.authority

    def again(self) -> "Client":
        """The same person in another program."""
        other = Client(self.url, self.authority, self.token)
        other.session.headers.update(self.session.headers)
        return other

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the JSON answer to a call that succeeds at once, or when it is repeated."""
        for attempt in (1, 2):
            try:
                answer = self.session.request(
                    method,
                    self.url + path,
                    json=body,
                    headers={"Idempotency-Key": str(uuid4())} if method == "POST" else {},
                    timeout=10,
                )
            except requests.RequestException as failed:
                said = f"{method} {path}: {type(failed).__name__}"
            else:
                if answer.status_code < 500:
                    self.answers[f"answered at attempt {attempt}"] += 1
                    assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
                    return answer.json() if answer.content else None
                said = f"{method} {path}: {answer.status_code} {answer.text[:120]}"
            self.answers[f"failed at attempt {attempt}"] += 1
            if attempt == 1:
                time.sleep(RETRY_SECONDS)
        self.failures.append(f"{said} at {time.strftime('%H:%M:%S')}")
        return None


class Clients:
    """Threads that go on until the story ends."""

    def __init__(self) -> None:
        self._ending = threading.Event()
        self._threads: list[threading.Thread] = []

    def repeat(self, action: Callable[[], object], every: float) -> None:
        """Do something again and again, in a thread."""

        def run() -> None:
            while not self._ending.is_set():
                action()
                self._ending.wait(every)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self._threads.append(thread)

    def end(self) -> None:
        """Stop, each after what it is doing."""
        self._ending.set()
        for thread in self._threads:
            thread.join(30)


class Feed:
    """Live results over a WebSocket, joined anew whenever it ends."""

    def __init__(self, url: str, client: Client) -> None:
        self._url = f"{url.replace('https', 'wss', 1)}/ws?token={client.token}"
        self._context = ssl.create_default_context(cafile=client.authority)
        self.count = 0
        self.connections = 0

    def listen(self) -> None:
        """Read until the connection ends or is silent for five seconds."""
        with (
            suppress(OSError, TimeoutError, WebSocketException),
            connect_websocket(self._url, ssl=self._context, open_timeout=5) as socket,
        ):
            self.connections += 1
            while True:
                socket.recv(timeout=5)
                self.count += 1
