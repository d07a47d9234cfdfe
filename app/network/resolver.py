"""Look-up of the addresses of a host without a thread: c-ares inside the event loop.

getaddrinfo() blocks a thread for as long as a name server is silent, and a pool of threads is soon
full of one silent domain; c-ares waits on a socket. It reads the hosts file and resolv.conf, and
keeps an answer for its time to live, here at most half a minute.
"""

import asyncio
import errno
import socket
from collections.abc import Sequence

import pycares

from app.domain.checks.endpoints import is_address, parse_host_port
from app.domain.types import FailureKind
from app.network.errors import AddressRefused, NetworkError, NoNameServer, from_errno
from app.network.policy import AddressPolicy
from app.network.routes import routable
from app.network.trace import trace
from app.platform.clock import monotonic

TRY_SECONDS = 2.0
TRIES = 3
_SWEEP_SECONDS = 0.25
_FRESH_SECONDS = 30.0
_NO_SUCH_HOST = {
    pycares.errno.ARES_ENOTFOUND,
    pycares.errno.ARES_ENODATA,
    pycares.errno.ARES_ENONAME,
    pycares.errno.ARES_EBADNAME,
}


class Resolver:
    """Resolver of names into validated addresses, within one event loop."""

    def __init__(self, policy: AddressPolicy, nameservers: Sequence[str] = ()) -> None:
        self._loop = asyncio.get_running_loop()
        self._policy = policy
        self._readers: set[int] = set()
        self._writers: set[int] = set()
        self._asking = 0
        self._sweep: asyncio.TimerHandle | None = None
        self._fresh_until = monotonic() + _FRESH_SECONDS
        self._channel = pycares.Channel(
            servers=list(nameservers) or None,
            timeout=TRY_SECONDS,
            tries=TRIES,
            sock_state_cb=self._on_socket,
        )

    async def resolve(self, host: str, port: int | None = None) -> list[str]:
        """Return the addresses of a host that this machine has a route to, best first.

        Raises AddressRefused if the policy forbids any of them, NetworkError if there is none.
        """
        if is_address(host):
            addresses = [host]
        else:
            trace().stage = "looking up the host name"
            addresses = await self._resolve(host)
        for address in addresses:
            self.guard(address, port)
        return routable(addresses)

    def nameservers(self) -> list[tuple[str, int]]:
        """Return the system's own name servers, as (address, port)."""
        parsed = (parse_host_port(text, 53) for text in self._channel.servers)
        return [(server.host, server.port) for server in parsed]

    def guard(self, address: str, port: int | None = None) -> None:
        """Raise AddressRefused if the policy forbids an address."""
        reason = self._policy.refusal(address, port)
        if reason is not None:
            raise AddressRefused(reason)

    def close(self) -> None:
        """Give up every open question; their askers have gone."""
        if self._sweep is not None:
            self._sweep.cancel()
        self._channel.close()
        for descriptor in tuple(self._readers | self._writers):
            self._on_socket(descriptor, False, False)

    async def _resolve(self, host: str) -> list[str]:
        answer = self._loop.create_future()

        def done(result: pycares.AddrInfoResult | None, error: int | None) -> None:
            if not answer.done():  # the asker may have run out of time
                answer.set_result((result, error))

        if monotonic() > self._fresh_until:  # forget answers, read resolv.conf again
            self._channel.reinit()
            self._fresh_until = monotonic() + _FRESH_SECONDS
        self._asking += 1
        try:
            self._channel.getaddrinfo(
                host,
                None,
                family=socket.AF_UNSPEC,
                type=socket.SOCK_STREAM,
                callback=done,
            )
            if self._sweep is None:
                self._sweep = self._loop.call_later(_SWEEP_SECONDS, self._on_sweep)
            result, error = await answer
        finally:
            self._asking -= 1
        if result is None:
            raise _failure(host, error)
        addresses = [node.addr[0].decode() for node in result.nodes]
        if not addresses:
            raise NetworkError(f"no such host: {host}", FailureKind.NO_SUCH_HOST)
        return list(dict.fromkeys(addresses))

    def _on_socket(self, descriptor: int, readable: bool, writable: bool) -> None:
        if readable and descriptor not in self._readers:
            self._readers.add(descriptor)
            self._loop.add_reader(descriptor, self._process, descriptor, pycares.ARES_SOCKET_BAD)
        elif not readable and descriptor in self._readers:
            self._readers.remove(descriptor)
            self._loop.remove_reader(descriptor)
        if writable and descriptor not in self._writers:
            self._writers.add(descriptor)
            self._loop.add_writer(descriptor, self._process, pycares.ARES_SOCKET_BAD, descriptor)
        elif not writable and descriptor in self._writers:
            self._writers.remove(descriptor)
            self._loop.remove_writer(descriptor)

    def _process(self, readable: int, writable: int) -> None:
        self._channel.process_fd(readable, writable)

    def _on_sweep(self) -> None:
        # c-ares notices a silent name server only when it is asked to look at the time.
        self._process(pycares.ARES_SOCKET_BAD, pycares.ARES_SOCKET_BAD)
        waiting = self._asking or self._readers
        self._sweep = self._loop.call_later(_SWEEP_SECONDS, self._on_sweep) if waiting else None


def _failure(host: str, error: int | None) -> NetworkError:
    if error in _NO_SUCH_HOST:
        return NetworkError(f"no such host: {host}", FailureKind.NO_SUCH_HOST)
    if error == pycares.errno.ARES_ECONNREFUSED:
        return NoNameServer()
    if error == pycares.errno.ARES_ENOMEM:
        return from_errno(errno.ENOMEM)
    if error == pycares.errno.ARES_ETIMEOUT:
        sentence = f"the name server did not answer for {host}"
    elif error in (pycares.errno.ARES_ESERVFAIL, pycares.errno.ARES_EREFUSED):
        sentence = f"the name server could not answer for {host}"
    else:
        sentence = f"the host name {host} could not be looked up"
    return NetworkError(sentence, FailureKind.RESOLVER_FAILED)
