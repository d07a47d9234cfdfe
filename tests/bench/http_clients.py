"""Closed-loop clients on raw sockets in one process, `python -m tests.bench.http_clients`.

Standard input: a JSON object with `port`, `requests` (as they travel), `clients`, `seconds`,
`keep_alive`. Standard output: one with the milliseconds of every request and the number of those
not answered with 200. The clients share the machine with what they measure, so they do no more than
they must.
"""

import asyncio
import json
import random
import re
import resource
import sys
import time
from typing import cast

import uvloop


class Client(asyncio.Protocol):
    """Sends the next request when the last one is answered."""

    def __init__(self, load: "Load", began_at: float | None) -> None:
        self.load = load
        self.transport: asyncio.Transport | None = None
        self.answer = b""
        self.sent_at = began_at

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.send()

    def send(self) -> None:
        """Send one request."""
        assert self.transport
        self.sent_at = self.sent_at or time.perf_counter()
        self.transport.write(random.choice(self.load.requests))

    def data_received(self, data: bytes) -> None:
        self.answer += data
        if self.load.keep_alive and self.is_complete():
            self.finish()
            if time.perf_counter() < self.load.end:
                self.send()
            elif self.transport:
                self.transport.close()

    def is_complete(self) -> bool:
        """Say whether the answer has come to its end."""
        head, end, body = self.answer.partition(b"\r\n\r\n")
        if not end:
            return False
        length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
        return length is not None and len(body) >= int(length[1])

    def finish(self) -> None:
        """Count one answer."""
        assert self.sent_at
        self.load.milliseconds.append((time.perf_counter() - self.sent_at) * 1000)
        self.load.failed += not self.answer.startswith(b"HTTP/1.1 200 ")
        self.answer, self.sent_at = b"", None

    def connection_lost(self, error: Exception | None) -> None:
        if self.answer:
            self.finish()
        elif self.sent_at:
            self.load.failed += 1
        self.load.closed()


class Load:
    """All clients, and what they saw."""

    def __init__(
        self, port: int, requests: list[str], clients: int, seconds: float, keep_alive: bool
    ) -> None:
        self.port, self.clients, self.seconds = port, clients, seconds
        self.keep_alive = keep_alive
        self.requests = [request.encode() for request in requests]
        self.milliseconds: list[float] = []
        self.failed = 0
        self.end = 0.0
        self._alive = 0
        self._done = asyncio.Event()

    async def run(self) -> None:
        """Ask until the time is over."""
        self.end = time.perf_counter() + self.seconds
        await asyncio.gather(*(self._connect() for _ in range(self.clients)))
        await self._done.wait()

    async def _connect(self, began_at: float | None = None) -> None:
        self._alive += 1
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: Client(self, began_at), "127.0.0.1", self.port)

    def closed(self) -> None:
        """Open the next connection, which belongs to the time of its request."""
        self._alive -= 1
        if time.perf_counter() < self.end:
            task = asyncio.ensure_future(self._connect(time.perf_counter()))
            task.add_done_callback(lambda done: done.result())
        elif not self._alive:
            self._done.set()


async def main() -> None:
    """Run one load and print what came of it."""
    load = Load(**json.loads(sys.stdin.readline()))
    started = time.perf_counter()
    await load.run()
    used = resource.getrusage(resource.RUSAGE_SELF)
    found = {
        "milliseconds": load.milliseconds,
        "failed": load.failed,
        "seconds": time.perf_counter() - started,
        "cpu_seconds": used.ru_utime + used.ru_stime,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    uvloop.run(main())
