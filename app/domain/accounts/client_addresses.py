"""Address of the client that a request comes from, where proxies of ours stand in between."""

import ipaddress
from collections.abc import Sequence

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def client_address(peer: str | None, forwarded_for: str, trusted: Sequence[IpNetwork]) -> str:
    """Return the address of the client, "unknown" where there is none.

    `forwarded_for` is believed from the right, as far as it was written by trusted proxies: what
    stands further left is what the client itself may have claimed (RFC 7239 8.1).
    """
    found = _parse(peer or "")
    if found is None:
        return "unknown"
    for hop in reversed(forwarded_for.split(",")):
        if not _is_trusted(found, trusted):
            break
        before = _parse(hop)
        if before is None:
            break
        found = before
    return str(found)


def is_trusted(address: str, trusted: Sequence[IpNetwork]) -> bool:
    """Say whether an address is that of a proxy of ours."""
    found = _parse(address)
    return found is not None and _is_trusted(found, trusted)


def group(address: str) -> str:
    """Return what limits count as one place: an IPv4 address, a /64 of IPv6 (RFC 6177)."""
    found = _parse(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found) if found else "unknown"


def is_loopback(address: str) -> bool:
    """Say whether an address is of the machine itself."""
    found = _parse(address)
    return found is not None and found.is_loopback


def _parse(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text.strip().strip("[]"))
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _is_trusted(address: Address, trusted: Sequence[IpNetwork]) -> bool:
    return any(address.version == net.version and address in net for net in trusted)
