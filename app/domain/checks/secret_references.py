"""`{{secrets.NAME}}` in configs: found, and replaced by the secret's value."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from app.domain.checks import placeholders
from app.domain.checks.destinations import Destination, hosts, may_go_to

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}", re.ASCII)
_REFERENCE = re.compile(r"\{\{\s*secrets\.([A-Za-z_][A-Za-z0-9_]{0,99})\s*\}\}", re.ASCII)


class UnknownSecret(ValueError):
    """A config names a secret that does not exist."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no secret called {name}")
        self.name = name


class MisdirectedSecret(ValueError):
    """A secret would go to a host that it is not for."""

    def __init__(self, name: str, host: str) -> None:
        super().__init__(f"the secret {name} may not go to {host}")
        self.name = name


def content_type(request: Mapping[str, Any]) -> str | None:
    """Return what the headers of a request in a config say that its body is; None for nothing."""
    headers = request.get("headers")
    if not isinstance(headers, Mapping):
        return None
    return next((str(headers[name]) for name in headers if name.lower() == "content-type"), None)


def references(value: Any) -> Iterator[str]:
    """Yield the names of the secrets that a config refers to."""
    if isinstance(value, str):
        yield from _REFERENCE.findall(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def fill(value: Any, secrets: Mapping[str, str]) -> Any:
    """Return a config with every reference replaced. Raises UnknownSecret.

    A value is put in once: what it contains is not looked at again. In JSON it is escaped as JSON,
    in the body of a request as that wants it.
    """

    def secret(match: re.Match[str]) -> str:
        return _value(match[1], secrets)

    if isinstance(value, str):
        return placeholders.fill(value, _REFERENCE, secret)
    if isinstance(value, Mapping):
        filled = {name: fill(item, secrets) for name, item in value.items() if name != "body"}
        if "body" in value:
            body = value["body"]
            filled["body"] = (
                placeholders.fill_body(body, _REFERENCE, secret, content_type(value))
                if isinstance(body, str)
                else fill(body, secrets)
            )
        return filled
    if isinstance(value, list):
        return [fill(item, secrets) for item in value]
    return value


def check_references(
    names: Iterable[str],
    places: Iterable[Destination],
    known: Mapping[str, Sequence[str]],
) -> None:
    """Raise UnknownSecret or MisdirectedSecret for a name that may not be used at these places.

    `known` is the hosts that each secret may go to, by its name; an empty list means everywhere.
    """
    reached = hosts(places)
    for name in sorted(names):
        if name not in known:
            raise UnknownSecret(name)
        for host in sorted(reached):
            if not may_go_to(known[name], host):
                raise MisdirectedSecret(name, host)


def used(value: Any, secrets: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values that `fill` puts into a config."""
    return tuple(secrets[name] for name in sorted(set(references(value))) if name in secrets)


def _value(name: str, secrets: Mapping[str, str]) -> str:
    if name not in secrets:
        raise UnknownSecret(name)
    return secrets[name]
