"""Connectivity check: reference hosts are asked before a failure that may be our own counts."""

import asyncio
import logging
from datetime import datetime
from functools import lru_cache

from app.domain.checks.connectivity import ReferenceHost, ReferenceHosts, is_ambiguous, is_isolated
from app.domain.checks.endpoints import parse_host_port, parse_url
from app.domain.types import FailureKind, Observation, Status, Target
from app.network.errors import NetworkError
from app.network.network import Network
from app.platform.clock import monotonic, utcnow

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 2.0
_VERDICT_SECONDS = 0.5  # how long one round of asking answers for the failures that follow
# After sight has returned, routes and neighbours may take a moment to come back as well.
_RECOVERING_SECONDS = 3.0


class ConnectivityCheck:
    """Connectivity of one worker's own network."""

    def __init__(self, network: Network, named: tuple[str, ...]) -> None:
        self._network = network
        self._hosts = ReferenceHosts(tuple(_reference_host(target) for target in named))
        self._asking: asyncio.Task[bool] | None = None
        self._asked_at = 0.0
        self._recovered_at = 0.0
        self.isolated_since: datetime | None = None

    async def confirm(
        self, target: Target, observation: Observation, began_at: float
    ) -> Observation:
        """Return the observation, or UNKNOWN in its place while the monitor is isolated.

        `began_at` is when the check began, by the monotonic clock: one that began in the dark
        proves nothing, even if the light is on again when it fails.
        """
        if observation.status in (Status.GREEN, Status.YELLOW):
            place = _place(target.endpoint)
            if place is not None:
                self._hosts.saw(*place)
            return observation
        if not is_ambiguous(observation):
            return observation
        place = _place(target.endpoint)
        hosts = self._hosts.against(place[0] if place else target.endpoint)
        if not hosts:
            return observation
        isolated = await self._is_isolated(hosts)
        if not isolated and (
            self._recovered_at == 0.0 or began_at > self._recovered_at + _RECOVERING_SECONDS
        ):
            return observation
        return observation._replace(
            status=Status.UNKNOWN,
            error=f"the monitor itself seems cut off: {observation.error}",
            evidence=None,
            failure_kind=FailureKind.ISOLATED,
        )

    async def _is_isolated(self, hosts: list[ReferenceHost]) -> bool:
        """Ask once for all the failures of a moment."""
        if self._asking is None or (
            self._asking.done() and monotonic() - self._asked_at > _VERDICT_SECONDS
        ):
            self._asked_at = monotonic()
            self._asking = asyncio.get_running_loop().create_task(self._ask(hosts))
        return await asyncio.shield(self._asking)

    async def _ask(self, hosts: list[ReferenceHost]) -> bool:
        isolated = is_isolated(await asyncio.gather(*map(self._answers, hosts)))
        if isolated and self.isolated_since is None:
            self.isolated_since = utcnow()
            asked = ", ".join(f"{host.host}:{host.port}" for host in hosts)
            log.error("the monitor is isolated: no reference host answers", extra={"hosts": asked})
        elif not isolated and self.isolated_since is not None:
            log.warning(
                "the monitor is connected again", extra={"isolated_since": str(self.isolated_since)}
            )
            self.isolated_since, self._recovered_at = None, monotonic()
        return isolated

    async def _answers(self, host: ReferenceHost) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                async with self._network.stream(host.host, host.port):
                    return True
        except TimeoutError:
            return False
        except NetworkError as error:
            return error.kind is FailureKind.REFUSED  # a refusal is an answer: the network is there


@lru_cache(maxsize=100_000)
def _place(endpoint: str) -> tuple[str, int] | None:
    """Return host and port of an endpoint that can be connected to; None for other kinds."""
    try:
        if "://" in endpoint:
            _, host, port = parse_url(endpoint, ("http", "https", "ws", "wss")).origin
            return host, port
        parsed = parse_host_port(endpoint)
    except ValueError:
        return None
    return parsed.host, parsed.port


def _reference_host(target: str) -> ReferenceHost:
    parsed = parse_host_port(target, 443)
    return ReferenceHost(parsed.host, parsed.port)
