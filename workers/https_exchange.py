"""Exchange of an agent with its server, over HTTPS.

Requests for claims run in a thread of their own: while the server does not answer, the engine goes
on with what it knows (`workers/autonomy.py`), and what it finds waits in the outbox.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from app import __version__
from app.domain.locations.protocol import VERSIONS
from app.domain.types import Observation
from app.network.server_client import ServerAway, ServerClient, ServerRefused
from app.operations.accounts.reach import Targets
from app.operations.checks.claim import Claim, Claimed, Lease
from app.operations.recorded_check import RecordedCheck
from app.operations.remote import wire
from app.operations.services.one_off_checks import ProbeTask
from app.platform.clock import monotonic, utcnow
from app.platform.events import timestamp
from app.platform.work_journal import InHand
from workers.agent_figures import AgentFigures
from workers.agent_quarantine import AgentQuarantine, GivenBack
from workers.agent_services import KnownServices
from workers.autonomy import ALONE, HOUR_SECONDS, Autonomy
from workers.check_quarantine import SET_ASIDE
from workers.database_clock import DatabaseClock
from workers.outbox import MOST_RESULTS, Outbox, result_to_json

log = logging.getLogger(__name__)

WAIT_SECONDS = 1.5  # of a long poll; a server that takes longer by a second is away
_PATIENCE_SECONDS = WAIT_SECONDS + 1.0
# Claimed so much earlier than a worker would: until its server is found to be away, an agent lives
# on what it has claimed.
_ROAD_SECONDS = 3.0
_REQUEST_SECONDS = 10.0
_REFUSED_SECONDS = 30.0  # a key that is wrong does not become right soon


class HttpsExchange:
    """Claims and results of one location through its server."""

    away = (ServerAway,)
    is_woken = False  # the long poll is what wakes it
    has_suspects = False

    def __init__(self, client: ServerClient, name: str) -> None:
        """Say hello. Raises ServerAway, and ServerRefused for a wrong key or version."""
        self._client = client
        self._name = f"{name}:{uuid4().hex[:8]}"
        self._region = self._say_hello()
        self._clock = DatabaseClock()
        self._outbox = Outbox(client)
        self._autonomy = Autonomy(self._region)
        self._quarantine = AgentQuarantine(client, self._region)
        self._services = KnownServices(client, self._region)
        self._thread = ThreadPoolExecutor(1, "claims")
        self._courier = ThreadPoolExecutor(1, "results")
        self._asking: Future[tuple[Claimed, list[ProbeTask]]] | None = None
        self._heard_at = monotonic()
        self._is_away = False
        self._refused_at: float | None = None  # the key: since when, or again
        self._wake: Callable[[], object] = lambda: None
        self._figures = AgentFigures()
        self.isolated_since: Callable[[], datetime | None] = lambda: None

    def _say_hello(self) -> str:
        hello = {"protocols": list(VERSIONS), "agent": self._name, "version": __version__}
        answer = self._client.post("hello", hello)
        self._client.protocol = int(answer["protocol"])
        log.info(
            "the server is there",
            extra={"location": answer["location"], "server_version": answer["version"]},
        )
        return str(answer["region"])

    def suspect(self, entries: Iterable[InHand]) -> None:
        """Tell the server what an agent had in hand as it ended. Raises ServerAway."""
        self._quarantine.suspect(entries)

    def give_back(self, leases: Sequence[Sequence[Any]]) -> None:
        """Give back what an agent held that was killed. Raises ServerAway.

        A server of the release before does not take that: they run out.
        """
        held = [Lease(UUID(id), region, token) for id, region, token in leases]
        with suppress(ServerRefused):
            self._give_back([one for one in held if one.region == self._region])

    def start(self, wake: Callable[[], object]) -> None:
        """Note what wakes the engine: claims are long polls, which nobody else interrupts."""
        self._wake = wake

    def stop(self) -> None:
        """End what runs alone; a long poll ends by itself, soon."""
        self._quarantine.close()

    def close(self) -> None:
        """Deliver what waits, if the server is there."""
        try:
            self._outbox.deliver()
        except ServerAway as error:
            log.warning("results are lost", extra={"why": str(error), "count": len(self._outbox)})

    def now(self) -> datetime:
        """Return the server's time, carried forward since its latest answer; ours before that."""
        return self._clock.now(monotonic()) if self._clock.is_read else utcnow()

    def claim(
        self, limit: int, ahead_seconds: float, behind_seconds: float | None
    ) -> tuple[Claimed, list[ProbeTask]]:
        """Return checks from the server; while it does not answer, those that are due anyway.

        Raises ServerAway while there is nothing to go on with.
        """
        if self._refused_at is not None and monotonic() - self._refused_at < _REFUSED_SECONDS:
            return Claimed([], self.now(), None), []
        ahead = ahead_seconds + _ROAD_SECONDS
        if self._asking is None:
            self._asking = self._thread.submit(self._ask, limit, ahead, behind_seconds)
        try:
            result = self._asking.result(0 if self._is_away else _PATIENCE_SECONDS)
        except NotYet:
            return self._go_on_alone(limit, ahead_seconds, "it does not answer")
        except ServerAway as error:
            self._asking = None
            if self._refused_at is not None:
                return Claimed([], self.now(), None), []
            return self._go_on_alone(limit, ahead_seconds, str(error))
        self._asking = None
        self._heard_at = monotonic()
        if self._is_away:
            log.warning("the server is back", extra={"buffered": len(self._outbox)})
        self._is_away = False
        self._autonomy.is_back()
        for claim in result[0].claims:
            self._autonomy.saw(claim)
        if len(self._outbox):
            self._courier.submit(self._deliver)
        return result

    def _go_on_alone(
        self, limit: int, ahead_seconds: float, why: str
    ) -> tuple[Claimed, list[ProbeTask]]:
        if not self._is_away:
            log.warning("the server is away; checks go on without it", extra={"why": why})
        self._is_away = True
        if monotonic() - self._heard_at > HOUR_SECONDS:
            raise ServerAway(f"for more than an hour: {why}")
        now = self.now()
        due = self._autonomy.due(now, ahead_seconds, limit)
        soon = now + timedelta(seconds=ahead_seconds)
        return Claimed(due, now, None if len(due) == limit else soon), []

    def _ask(
        self, limit: int, ahead_seconds: float, behind_seconds: float | None
    ) -> tuple[Claimed, list[ProbeTask]]:
        self._quarantine.report()
        asked_at = monotonic()
        body = {
            "limit": limit,
            "ahead_seconds": ahead_seconds,
            "behind_seconds": behind_seconds,
            "wait_seconds": 0.0 if self._is_away else WAIT_SECONDS,
            "pulse": {
                "agent": self._name,
                "version": __version__,
                "clock": timestamp(utcnow()),
                "buffered": len(self._outbox),
                **self._figures.read(self.isolated_since()),
            },
        }
        answer = self._post("claims", body)
        now = wire.moment(answer["now"])
        self._clock.read(now, asked_at, monotonic())
        self._quarantine.learn(answer["claims"])
        claims = self._services.claims(answer["claims"])
        tasks = list(map(self._services.task, answer["tasks"]))
        next_due_at = answer["next_due_at"]
        soon = next_due_at and wire.moment(next_due_at)
        # A server of the release before does not say how long the claim took.
        took = answer.get("claim_seconds")
        return Claimed(claims, now, soon, claim_seconds=took), tasks

    def _post(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return an answer. Raises ServerAway, also for a server that no longer knows us."""
        try:
            result = self._client.post(name, body, _REQUEST_SECONDS)
            self._refused_at = None
            return result
        except ServerRefused as error:
            if error.status == 426:  # it was upgraded: there may be another version in common
                self._hello_again(error)
            if error.status == 401:
                self._stop_checks()
            raise ServerAway(str(error)) from error

    def _stop_checks(self) -> None:
        """Make no further check: the key was replaced, or the location deleted."""
        if self._refused_at is None:
            log.error(
                "the server does not know this key any more: checks have stopped; start this"
                " agent with the new key, or remove it"
            )
        self._refused_at = monotonic()
        self._autonomy.forget()
        self._services.forget()
        self._outbox.clear()
        self._wake()

    def _hello_again(self, error: ServerRefused) -> None:
        try:
            self._say_hello()
        except ServerRefused as refused:
            raise ServerAway(str(refused)) from error

    def still_leased(self, claims: Sequence[Claim]) -> set[int]:
        """Return all lease tokens: nobody tells an agent of edits, and the server drops results.

        None while the server does not know our key.
        """
        if self._refused_at is not None:
            return set()
        return {claim.lease_token for claim in claims}

    def release(self, leases: Sequence[Lease]) -> None:
        """Give checks back; a server of the release before waits for their leases to run out.

        Raises ServerAway, also for such a server.
        """
        try:
            self._give_back(leases)
        except ServerRefused as error:
            raise ServerAway(str(error)) from error

    def _give_back(self, leases: Iterable[Lease]) -> None:
        given = [
            {"service_id": str(one.service_id), "lease_token": one.token}
            for one in leases
            if one.token != ALONE
        ]
        for start in range(0, len(given), MOST_RESULTS):
            body = {"leases": given[start : start + MOST_RESULTS]}
            self._client.post("release", body, _REQUEST_SECONDS)

    def record(self, batch: Sequence[RecordedCheck], now: datetime) -> None:
        """Deliver results, or keep them until the server is there."""
        self._outbox.add([result_to_json(check) for check in batch])
        self._figures.add(batch)
        if not self._is_away:
            self._deliver()

    def _deliver(self) -> None:
        try:
            self._outbox.deliver()
        except ServerAway as error:
            log.warning("results wait for the server", extra={"why": str(error)})

    def recorded(self, batch: Sequence[RecordedCheck]) -> None:
        """Do nothing: what runs alone is known to have gone well before it is recorded."""

    def answer(self, task: ProbeTask, observation: Observation) -> None:
        """Leave the outcome of a one-off probe. Raises ServerAway."""
        body = {"id": str(task.id), "observation": wire.observation_to_json(observation)}
        self._post("answers", body)

    def targets(self, organization_id: UUID | None) -> Targets:
        """Return what an organization may reach, as far as the server has a say in it."""
        return self._services.targets(organization_id)

    def journal_key(self, claim: Claim) -> str:
        """Return service, region and lease, which the key of a result on its way does not have."""
        return f"{claim.key}/{claim.lease_token}"

    def rests(self, claim: Claim) -> bool:
        """Say whether a check is set aside for now."""
        return self._quarantine.rests(claim)

    def runs_alone(self, claim: Claim) -> bool:
        """Say whether a check is to be run in a process of its own."""
        return self._quarantine.runs_alone(claim)

    def run_alone(self, claim: Claim) -> Observation | None:
        """Run a check in a process of its own; return what is to be recorded, if anything."""
        try:
            found = self._quarantine.run(claim, self.targets(claim.snapshot.organization_id))
        except GivenBack:
            with suppress(ServerAway):  # its lease runs out
                self.release([Lease.of(claim)])
            return None
        return found or SET_ASIDE
