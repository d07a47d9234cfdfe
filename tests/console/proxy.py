"""A proxy on loopback in front of the product, which answers some requests in its place.

One request for each connection, as the simplest of real ones; WebSockets pass both ways.
"""

import re
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_LINE = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.1\r\n")


def page(status: str, body: str = "<!doctype html><h1>Proxy</h1>", **headers: str) -> bytes:
    """Return an answer of the proxy's own, by default a page of HTML."""
    given = {"Content-Type": "text/html", "Content-Length": str(len(body.encode()))} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"HTTP/1.1 {status}\r\n{head}Connection: close\r\n\r\n{body}".encode()


SOON_MS = 15_000  # for what is sent again: far less than the minute of a request
HELD = b""  # an answer that never comes, until the rule ends
TAB = "Test-Tab"  # header by which a test tells its tabs apart


@dataclass
class Rule:
    """What is answered to requests of a method and a path; `passes` of them reach the server."""

    method: str
    path: str
    answer: bytes
    reaches: bool = False  # the server does what is asked, and its answer is dropped
    times: int | None = None
    tab: str | None = None
    seen: int = 0
    over: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """It runs from when it is made until it is closed."""

    def __init__(self, port: int) -> None:
        self._server, self._rules, self._is_open = port, list[Rule](), True
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @contextmanager
    def answering(
        self,
        path: str,
        answer: bytes,
        method: str = "",
        *,
        reaches: bool = False,
        times: int | None = None,
        tab: str | None = None,
    ) -> Iterator[Rule]:
        """Answer requests whose path matches (and begins) so, of one method and tab or of all."""
        rule = Rule(method, path, answer, reaches, times, tab)
        self._rules.insert(0, rule)
        try:
            yield rule
        finally:
            self._rules.remove(rule)
            rule.over.set()

    def _rule(self, method: str, path: str, tab: str | None) -> Rule | None:
        for rule in list(self._rules):
            fits = rule.method in ("", method) and re.match(rule.path, path)
            fits = fits and rule.tab in (None, tab)
            if fits and (rule.times is None or rule.seen < rule.times):
                rule.seen += 1
                return rule
        return None

    def _accept(self) -> None:
        while self._is_open:
            if select.select([self._listener], [], [], 0.1)[0]:
                client = self._listener.accept()[0]
                thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            client.settimeout(60)
            asked = b""
            while b"\r\n\r\n" not in asked:
                if not (data := client.recv(65536)):
                    return
                asked += data
            head, _, body = asked.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            while length and len(body) < int(length[1]):
                body += client.recv(65536)
            line = _LINE.match(head + b"\r\n")
            assert line
            tab = re.search(rb"(?i)\r\n%s: ([^\r]*)" % TAB.encode(), head)
            rule = self._rule(line[1].decode(), line[2].decode(), tab and tab[1].decode())
            upgrades = re.search(rb"(?i)\r\nupgrade:", head)
            if not upgrades:
                head = re.sub(rb"(?i)\r\nconnection: [^\r]*", b"", head) + b"\r\nConnection: close"
            if rule is None or rule.reaches:
                with socket.create_connection(("127.0.0.1", self._server)) as server:
                    server.sendall(head + b"\r\n\r\n" + body)
                    if rule is None:
                        self._relay(client, server)
                        return
                    while server.recv(65536):
                        pass
            if rule.answer is HELD:
                while self._is_open and not rule.over.wait(0.1):
                    pass
                return
            client.sendall(rule.answer)
            client.shutdown(socket.SHUT_WR)
            client.settimeout(2)
            while client.recv(65536):  # else the end of the connection may overtake the answer
                pass

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        while self._is_open:
            for ready in select.select([client, server], [], [], 0.1)[0]:
                data = ready.recv(65536)
                if not data:
                    return
                (server if ready is client else client).sendall(data)

    def close(self) -> None:
        """End it, and every connection through it."""
        self._is_open = False
        for thread in self._threads:
            thread.join(5)
        self._listener.close()
