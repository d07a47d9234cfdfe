"""A fast HTTP target in a process of its own: `/ok` answers at once, `/hang` never does.

`/changing` fails for a while and is well for as long, in turn.

Run as `python -m tests.bench.target_server`; prints its port. It stops when its input closes.
"""

import asyncio
import sys
import time

import uvloop

_REST = b"Content-Length: 2\r\nConnection: close\r\n\r\nok"
_ANSWER = b"HTTP/1.1 200 OK\r\n" + _REST
_FAILURE = b"HTTP/1.1 503 Service Unavailable\r\n" + _REST
_CHANGES_AFTER_SECONDS = 11.0


class Target(asyncio.Protocol):
    """Answers each connection once."""

    def connection_made(self, transport) -> None:  # uvloop's transport has no class to name
        self.transport = transport
        self.head = b""

    def data_received(self, data: bytes) -> None:
        self.head += data
        if b"\r\n\r\n" not in self.head:
            return
        path = self.head.split(b" ", 2)[1]
        if path == b"/hang":
            return
        fails = path == b"/changing" and time.monotonic() // _CHANGES_AFTER_SECONDS % 2
        self.transport.write(_FAILURE if fails else _ANSWER)
        self.transport.close()


async def serve() -> None:
    """Serve until standard input closes."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Target, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    uvloop.run(serve())
