"""Connectivity check: reference hosts are asked before a failure that may be our own counts.

It also notices that the monitor lacks what any check needs, such as file descriptors or its name
server: it can make no check then.
"""

import asyncio
import logging
from dataclasses import dataclass
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
_OUTAGE_SECONDS = 10.0  # after which want of what all checks need is told
_OVER_SECONDS = 30.0
# After sight has returned, routes and neighbours may take a moment to come back as well.
_RECOVERING_SECONDS = 3.0


@dataclass(slots=True)
class _Outage:
    """Time in which the monitor lacks what any check needs, by the clock and the monotonic one."""

    since: datetime
    began_at: float
    last_at: float
    can_some: bool = False  # be made all the same
    is_told: bool = False


class ConnectivityCheck:
    """Connectivity of one worker's own network."""

    def __init__(self, network: Network, named: tuple[str, ...]) -> None:
        self._network = network
        self._hosts = ReferenceHosts(tuple(_reference_host(target) for target in named))
        self._asking: asyncio.Task[bool] | None = None
        self._asked_at = 0.0
        self._recovered_at = 0.0
        self.isolated_since: datetime | None = None
        self._outage: _Outage | None = None

    @property
    def unable_since(self) -> datetime | None:
        """Since when no reference host answers, or checks cannot be made; None while they can."""
        outage = self._outage.since if self._outage and self._outage.is_told else None
        return min(filter(None, (self.isolated_since, outage)), default=None)

    async def confirm(
        self, target: Target, observation: Observation, began_at: float
    ) -> Observation:
        """Return the observation, or UNKNOWN in its place while the monitor is isolated.

        `began_at` is when the check began, by the monotonic clock: one that began isolated
        proves nothing, even if the monitor is connected again when it fails.
        """
        self._note_outage(observation)
        if observation.status in (Status.GREEN, Status.YELLOW):
            place = _place(target.endpoint)
            if place is not None:
                self._hosts.saw(*place)
                if self.isolated_since is not None:
                    self._begin_asking(self._hosts.against(place[0]))
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

    def _note_outage(self, observation: Observation) -> None:
        """Notice that checks cannot be made for want of what all of them need, and that they can.

        While some can, it is over only when none has failed for it for half a minute.
        """
        now, outage = monotonic(), self._outage
        if observation.failure_kind is FailureKind.OWN_OUTAGE:
            if outage is None or (outage.can_some and now - outage.last_at > _OVER_SECONDS):
                self._outage = _Outage(utcnow(), now, now)
                return
            outage.last_at = now
            if not outage.is_told and now - outage.began_at >= _OUTAGE_SECONDS:
                outage.is_told = True
                log.error("checks cannot be made", extra={"problem": observation.error})
            return
        if outage is None or observation.status is Status.UNKNOWN:
            return
        outage.can_some = True
        if now - outage.last_at > _OVER_SECONDS:
            self._outage = None
            if outage.is_told:
                log.warning("checks can be made again", extra={"since": str(outage.since)})

    async def _is_isolated(self, hosts: list[ReferenceHost]) -> bool:
        return await asyncio.shield(self._begin_asking(hosts))

    def _begin_asking(self, hosts: list[ReferenceHost]) -> asyncio.Task[bool]:
        """Ask once for all the failures of a moment, or whether it is over; nobody need wait.

        Where everything passes again, no failure would ever ask that.
        """
        if self._asking is None or (
            self._asking.done() and monotonic() - self._asked_at > _VERDICT_SECONDS
        ):
            self._asked_at = monotonic()
            self._asking = asyncio.get_running_loop().create_task(self._ask(hosts))
        return self._asking

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
