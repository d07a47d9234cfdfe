"""The address policy of this installation, from its settings."""

import socket
from typing import Literal, Protocol

from app.domain.checks.addresses import AddressPolicy, IpNetwork
from app.platform.server_urls import addresses

__all__ = ["AddressPolicy", "PolicySettings", "policy_of"]


class PolicySettings(Protocol):
    """The part of `app.platform.config.Config` that the guard reads."""

    @property
    def probe_targets(self) -> str: ...
    @property
    def probe_allow(self) -> tuple[IpNetwork, ...]: ...
    @property
    def probe_deny(self) -> tuple[IpNetwork, ...]: ...
    @property
    def database_url(self) -> str: ...
    @property
    def database_read_url(self) -> str: ...
    @property
    def redis_url(self) -> str: ...


def policy_of(
    settings: PolicySettings, targets: Literal["any", "public"] | None = None
) -> AddressPolicy:
    """Return the policy that the operator has set; looks up the platform's own servers once.

    `targets` stands for an organization that reaches less, or more, than the setting alone says.
    """
    if targets is None:
        targets = "public" if settings.probe_targets == "public" else "any"
    own: set[tuple[str, int]] = set()
    if targets == "public":  # an owner of a whole installation may watch its parts, strangers not
        urls = (settings.database_url, settings.database_read_url, settings.redis_url)
        own = {one for url in urls for named in addresses(url) for one in _numeric(*named)}
    return AddressPolicy(
        targets=targets,
        allow=settings.probe_allow,
        deny=settings.probe_deny,
        own=frozenset(own),
    )


def _numeric(host: str, port: int) -> set[tuple[str, int]]:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    return {(str(answer[4][0]).partition("%")[0], port) for answer in answers}
