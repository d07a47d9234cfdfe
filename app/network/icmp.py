"""ICMP echo without privileges where the kernel allows it (ping sockets), else with them.

Sources: RFC 792 and 4443; `man 7 icmp`, net.ipv4.ping_group_range.
"""

import asyncio
import errno
import os
import socket
import struct
from collections.abc import Sequence

from app.domain.types import FailureKind
from app.network.errors import NetworkError, OwnLimit, from_exception, most_specific
from app.network.trace import trace
from app.platform.clock import monotonic

MAX_ADDRESSES = 6
PAYLOAD = b"AlertifyPro echo request."
_NOT_ALLOWED = (
    "this system does not let the monitor ping; allow it with "
    "`sysctl -w net.ipv4.ping_group_range='0 2147483647'` or give the worker CAP_NET_RAW"
)
_ECHO = {socket.AF_INET: (8, 0), socket.AF_INET6: (128, 129)}  # request, reply
_UNREACHABLE = {socket.AF_INET: 3, socket.AF_INET6: 1}


class EchoSocket:
    """Socket that sends echo requests to one address and measures the replies."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._loop = asyncio.get_running_loop()
        self._family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._identifier = os.urandom(2)
        self._waiting: dict[int, tuple[float, asyncio.Future[float]]] = {}
        self.replied = asyncio.Event()  # set by the first reply
        self._socket, self._raw = _open(self._family)
        try:
            self._socket.setblocking(False)
            target = socket.getaddrinfo(address, 0, flags=socket.AI_NUMERICHOST)[0][4]
            self._socket.connect(target)  # the kernel then drops what others send
        except OSError as error:
            self._socket.close()
            raise from_exception(error) from None
        self._loop.add_reader(self._socket.fileno(), self._on_reply)

    def send(self, sequence: int) -> "asyncio.Future[float]":
        """Send a request; the future gives the round trip in milliseconds. Raises NetworkError."""
        kind, _ = _ECHO[self._family]
        body = self._identifier + struct.pack(">H", sequence) + PAYLOAD
        head = bytes((kind, 0))
        answer: asyncio.Future[float] = self._loop.create_future()
        self._waiting[sequence] = (monotonic(), answer)
        try:
            self._socket.send(head + _checksum(head + b"\0\0" + body) + body)
        except OSError as error:
            raise _unreachable(error) from None
        return answer

    def close(self) -> None:
        """Close the socket at once."""
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def _on_reply(self) -> None:
        try:
            data = self._socket.recv(2048)
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(_unreachable(error))
            return
        arrived = monotonic()
        if self._raw and self._family == socket.AF_INET and data:
            data = data[(data[0] & 15) * 4 :]  # raw sockets show the IP header
        if len(data) < 8:
            return
        if data[0] == _UNREACHABLE[self._family] and self._raw and self._identifier in data:
            self._fail(NetworkError("the host is unreachable", FailureKind.UNREACHABLE))
        if data[0] != _ECHO[self._family][1]:
            return
        if self._raw and data[4:6] != self._identifier:
            return  # another program's; ping sockets are told apart by the kernel
        sent, answer = self._waiting.pop(int.from_bytes(data[6:8]), (0.0, None))
        if answer is not None and not answer.done():
            self.replied.set()
            answer.set_result((arrived - sent) * 1000)

    def _fail(self, error: NetworkError) -> None:
        for _, answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(error)
        self._waiting.clear()


def _unreachable(error: OSError) -> NetworkError:
    """Return the error for an ICMP message; the kernel words all kinds of "unreachable" alike."""
    if error.errno == errno.ECONNREFUSED:
        return NetworkError("the host is unreachable", FailureKind.UNREACHABLE)
    return from_exception(error)


def open_echoes(addresses: Sequence[str]) -> list[EchoSocket]:
    """Return a socket for each address there is a route to. Raises NetworkError for none."""
    opened: list[EchoSocket] = []
    failures: list[NetworkError] = []
    for address in addresses[:MAX_ADDRESSES]:
        try:
            opened.append(EchoSocket(address))
        except NetworkError as error:
            failures.append(error)
    if not opened:
        raise most_specific(failures)
    notes = trace()
    notes.address = opened[0].address
    notes.stage = "waiting for echo replies"
    return opened


def _open(family: socket.AddressFamily) -> tuple[socket.socket, bool]:
    protocol = socket.IPPROTO_ICMP if family == socket.AF_INET else socket.IPPROTO_ICMPV6
    try:
        return socket.socket(family, socket.SOCK_DGRAM, protocol), False
    except PermissionError:
        pass
    except OSError as error:
        raise from_exception(error) from None
    try:
        return socket.socket(family, socket.SOCK_RAW, protocol), True
    except PermissionError:
        raise OwnLimit(_NOT_ALLOWED) from None
    except OSError as error:
        raise from_exception(error) from None


def _checksum(data: bytes) -> bytes:
    """Return the Internet checksum (RFC 1071); for IPv6 the kernel writes its own over it."""
    padded = data + b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    total = (total >> 16) + (total & 0xFFFF)
    total += total >> 16
    return struct.pack(">H", ~total & 0xFFFF)
