"""Guard of the addresses of other people's hosts that checks and channels may dial.

The table is our own because no flag of `ipaddress` is a guard: measured on Python 3.11,
`is_global` is true for 224.0.0.1, ::127.0.0.1 and the NAT64 form of 169.254.169.254.
Sources: the IANA special-purpose registries (RFC 6890), RFC 4291, 6052, 8215, 3056 and 4380.
"""

from dataclasses import dataclass, field
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Literal

Address = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network

_REMEMBERED = 10_000

_METADATA = tuple(
    ip_network(text)
    for text in (
        "169.254.169.254/32",  # AWS, GCP (metadata.google.internal), Azure, DigitalOcean, …
        "169.254.170.2/32",  # AWS ECS task credentials
        "169.254.170.23/32",  # AWS EKS pod identity
        "100.100.100.200/32",  # Alibaba
        "192.0.0.192/32",  # Oracle
        "168.63.129.16/32",  # Azure wire server
        "fd00:ec2::254/128",  # AWS over IPv6
        "fd00:ec2::23/128",  # AWS EKS pod identity over IPv6
        "fd20:ce::254/128",  # GCP over IPv6
    )
)

# Never a host that somebody could watch, whatever the mode.
_NOWHERE = tuple(
    (ip_network(text), what)
    for text, what in (
        ("0.0.0.0/8", "an unspecified address"),
        ("::/128", "an unspecified address"),
        ("224.0.0.0/4", "a multicast address"),
        ("ff00::/8", "a multicast address"),
        ("255.255.255.255/32", "the broadcast address"),
    )
)

_NOT_PUBLIC = tuple(
    (ip_network(text), what)
    for text, what in (
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "a carrier's shared address"),
        ("127.0.0.0/8", "a loopback address"),
        ("169.254.0.0/16", "a link-local address"),
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "a protocol assignment"),
        ("192.0.2.0/24", "a documentation address"),
        ("192.88.99.0/24", "a 6to4 relay address"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "a benchmarking address"),
        ("198.51.100.0/24", "a documentation address"),
        ("203.0.113.0/24", "a documentation address"),
        ("240.0.0.0/4", "a reserved address"),
        ("::1/128", "a loopback address"),
        ("100::/64", "a discard address"),
        ("2001::/23", "a protocol assignment"),
        ("2001:db8::/32", "a documentation address"),
        ("3fff::/20", "a documentation address"),
        ("5f00::/16", "a segment routing address"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", "a link-local address"),
        ("fec0::/10", "a site-local address"),
    )
)
_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")

_LOW_32_BITS = tuple(  # networks whose last 32 bits are an IPv4 address
    IPv6Network(text)
    for text in (
        "::/96",  # IPv4-compatible, RFC 4291 2.5.5.1
        "::ffff:0:0/96",  # IPv4-mapped, RFC 4291 2.5.5.2
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765
        "64:ff9b::/96",  # NAT64, RFC 6052
        "64:ff9b:1::/48",  # NAT64 for local use, RFC 8215
    )
)
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_6TO4 = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_PLAIN_V6 = (IPv6Address("::"), IPv6Address("::1"))


def unwrap(address: Address) -> tuple[Address, ...]:
    """Return the addresses that really answer behind a disguise, or the address itself."""
    if isinstance(address, IPv4Address) or address in _PLAIN_V6:
        return (address,)
    value = int(address)
    if address in _6TO4:
        return (IPv4Address(value >> 80 & 0xFFFFFFFF),)
    if address in _TEREDO:
        return (IPv4Address(~value & 0xFFFFFFFF), IPv4Address(value >> 64 & 0xFFFFFFFF))
    if any(address in network for network in _LOW_32_BITS):
        low = IPv4Address(value & 0xFFFFFFFF)
        if address not in _NAT64_LOCAL:
            return (low,)
        # A /48 translator reads bits 48-63 and 72-87 (RFC 6052 2.2); validate that reading too.
        high = IPv4Address((value >> 64 & 0xFFFF) << 16 | (value >> 40 & 0xFFFF))
        return tuple(one for one in (low, high) if int(one)) or (low,)
    return (address,)


@dataclass(frozen=True)
class AddressPolicy:
    """Addresses that may be dialled: `any` host but the dangerous ones, or `public` ones only.

    Deny goes before allow, allow before the metadata rule, that before the mode. `own` lists the
    platform's own servers as (address, port): refused even where an allowed network holds them.
    """

    targets: Literal["any", "public"] = "any"
    allow: tuple[IpNetwork, ...] = ()
    deny: tuple[IpNetwork, ...] = ()
    own: frozenset[tuple[str, int]] = frozenset()
    _known: dict[str, str | None] = field(
        default_factory=dict, init=False, repr=False, compare=False, hash=False
    )

    def refusal(self, address: str, port: int | None = None) -> str | None:
        """Return the sentence that names the rule against an address, or None if it may pass."""
        if self.own and port is not None and self._is_own(address, port):
            return f"{address} port {port} belongs to the monitoring platform itself"
        try:
            return self._known[address]
        except KeyError:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            verdict = self._known[address] = self._refusal(address)
            return verdict

    def _is_own(self, text: str, port: int) -> bool:
        forms = {str(form) for form in unwrap(ip_address(text.partition("%")[0]))}
        return any((form, port) in self.own for form in forms)

    def _refusal(self, text: str) -> str | None:
        try:
            address = ip_address(text.partition("%")[0])  # a zone (fe80::1%eth0) changes nothing
        except ValueError:
            return f"{text!r} is not an address"
        inner = unwrap(address)
        shown = text if inner == (address,) else f"{text} (which is {inner[0]})"
        for network in self.deny:
            if address in network or any(one in network for one in inner):
                return f"{shown} is in {network}, which the operator has denied"
        return next(filter(None, (self._inner_refusal(one, shown) for one in inner)), None)

    def _inner_refusal(self, address: Address, shown: str) -> str | None:
        if any(address in network for network in self.allow):
            return None
        if any(address in network for network in _METADATA):
            return f"{shown} is a cloud metadata address"
        for network, what in _NOWHERE:
            if address in network:
                return f"{shown} is {what}"
        if self.targets == "any":
            return None
        for network, what in _NOT_PUBLIC:
            if address in network:
                return f"{shown} is {what}, and only public addresses may be watched here"
        if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST_V6:
            return f"{shown} is not a public address"
        return None
