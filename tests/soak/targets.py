"""Targets of a story, in a process of their own: `python -m tests.soak.targets`.

In threads of the story's process they would stand still whenever that is busy, which a check
rightly calls an outage.
"""

import asyncio
import subprocess
import sys
import threading
from urllib.parse import quote

_DOWN, _UP = "down", "up"
_ANSWER_SECONDS = 0.2  # so that some checks are always on their way when something stops


class Targets:
    """Many targets behind one port: `/<name>` fails while its name is set down."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._lock = threading.Lock()  # stories set targets down from several threads
        self._port = int(self._answer())

    def __enter__(self) -> "Targets":
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate(timeout=10)  # it ends with its input

    def url(self, name: str) -> str:
        """Return a target's address."""
        return f"http://127.0.0.1:{self._port}/{quote(name)}"

    def set_down(self, name: str, down: bool) -> None:
        """Let a target fail from now on, or answer again."""
        assert self._process.stdin is not None
        with self._lock:
            print(_DOWN if down else _UP, quote(name), file=self._process.stdin)
            self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        assert answer, "the targets have ended"
        return answer


class _Connection(asyncio.Protocol):
    """One request, whose head comes in one piece, and its answer."""

    def __init__(self, down: set[str]) -> None:
        self._down = down

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        name = data.split(b" ", 2)[1].decode().removeprefix("/")
        status = "500 Down" if name in self._down else "200 OK"
        answer = f"HTTP/1.0 {status}\r\nContent-Length: 0\r\n\r\n"
        asyncio.get_running_loop().call_later(_ANSWER_SECONDS, self._send, answer.encode())

    def _send(self, answer: bytes) -> None:
        self._transport.write(answer)
        self._transport.close()


async def _serve() -> None:
    down: set[str] = set()
    loop = asyncio.get_running_loop()
    # With a shorter queue some of a burst of connections would wait a second.
    server = await loop.create_server(lambda: _Connection(down), "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        what, name = line.split()
        (down.add if what == _DOWN else down.discard)(name)
        print(what, flush=True)


if __name__ == "__main__":
    asyncio.run(_serve())
