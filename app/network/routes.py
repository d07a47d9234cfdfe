"""Routes of this machine: which addresses of a name it could send to at all."""

import errno
import socket
from collections.abc import Sequence

_OWN_LIMITS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


def routable(addresses: Sequence[str]) -> list[str]:
    """Return the addresses without those of a family that this machine has no route to.

    A machine without IPv6 (a Docker network by default) must not blame itself, nor the host, for
    an AAAA beside an A. Addresses of one family, or all without a route, are returned as they are.
    """
    result = list(addresses)
    if len({":" in address for address in result}) < 2:
        return result
    return [address for address in result if _has_route(address)] or result


def _has_route(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        # Connecting a datagram socket sends nothing: the kernel looks for a route and a source.
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(numeric(address, 9))
    except OSError as error:
        return error.errno in _OWN_LIMITS
    return True


def numeric(address: str, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """Return the socket address of an address in text, zone included; looks nothing up."""
    found = socket.getaddrinfo(address, port, flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV)
    return found[0][4]  # type: ignore[return-value]
