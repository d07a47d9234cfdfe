"""A listener on every loopback address that must never hear anything."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from app.local import ports


@contextmanager
def canary() -> Iterator[tuple[int, list[str]]]:
    """Listen on every loopback address, TCP and UDP, at one port; yield it and who came."""
    touched: list[str] = []
    sockets: list[socket.socket] = []
    port = ports.choose(None)  # none that another program's datagrams may come from
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        one = socket.socket(socket.AF_INET6, kind)
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(("::", port))
        if kind == socket.SOCK_STREAM:
            one.listen(100)
        one.setblocking(False)
        sockets.append(one)
    try:
        yield port, touched
        for one in sockets:
            try:
                touched.append(str(one.accept() if one.type == socket.SOCK_STREAM else one.recv(9)))
            except BlockingIOError:
                continue
    finally:
        for one in sockets:
            one.close()
