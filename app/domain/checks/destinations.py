"""Destinations of a config's content: the schemes, hosts and ports that stand in it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_NAMES = re.compile(
    r"url|uri|host|server|port|endpoint|region|domain|proxy|gateway|topic_server", re.IGNORECASE
)
_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


class Destination(NamedTuple):
    """One place; `host` is lower case, and the whole text where it is no URL."""

    scheme: str
    host: str
    port: str


def destinations(endpoint: str, config: Any) -> frozenset[Destination]:
    """Return every place that an endpoint and a config lead to; sealed values are not read."""
    places = {_place("", endpoint)} if endpoint else set()
    return frozenset(places | set(_in_config(config)))


def hosts(places: Iterable[Destination]) -> set[str]:
    """Return the names of the hosts among some places."""
    return {place.host for place in places if place.host}


def may_go_to(allowed: Sequence[str], host: str) -> bool:
    """Say whether a host is among those allowed: by name, or below `*.example.com`."""
    return not allowed or any(
        host == one or (one.startswith("*.") and host.endswith(one[1:])) for one in allowed
    )


def _in_config(config: Any) -> Iterator[Destination]:
    if isinstance(config, Mapping):
        for name, value in config.items():
            if isinstance(value, str | int) and not isinstance(value, bool):
                if _NAMES.search(str(name)):
                    yield _place(str(name), str(value))
            else:
                yield from _in_config(value)
    elif isinstance(config, list | tuple):
        for item in config:
            yield from _in_config(item)


def _place(name: str, text: str) -> Destination:
    """Return a place; of what is no URL the name of its field stands for the scheme."""
    text = text.strip()
    if _URL.match(text):
        try:
            parts = urlsplit(text)
            port = parts.port or _PORTS.get(parts.scheme.lower(), 0)
            return Destination(parts.scheme.lower(), (parts.hostname or "").lower(), str(port))
        except ValueError:
            return Destination("", text.lower(), "")
    if name and name.lower() in ("port", "region"):
        return Destination(name.lower(), "", text.lower())
    host, _, _ = text.partition("/")
    name_or_address, colon, port_text = host.rpartition(":")
    if colon and port_text.isdecimal():
        return Destination(name, name_or_address.strip("[]").lower(), port_text)
    return Destination(name, host.strip("[]").lower(), "")
