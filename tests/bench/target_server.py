"""A fast HTTP target in a process of its own: `/ok` answers at once, `/hang` never does.

Run as `python -m tests.bench.target_server`; prints its port. It stops when its input closes.
"""

import asyncio
import sys

import uvloop

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


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
        self.transport.write(_ANSWER)
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
