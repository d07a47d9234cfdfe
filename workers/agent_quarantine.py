"""Quarantine at an agent, whose server keeps the count as it does for its own workers."""

import logging
import tempfile
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from app.domain.masking import hider
from app.domain.types import Observation
from app.network.server_client import ServerAway, ServerClient, ServerRefused
from app.operations.accounts.reach import Targets
from app.operations.checks.claim import Claim, Lease
from app.operations.health.quarantine import WorkKind
from app.operations.remote import wire
from app.platform import scratch
from app.platform.work_journal import InHand
from workers.autonomy import ALONE
from workers.isolation import AloneRunner, LostAloneError, StoppedAloneError, renewed_lease

log = logging.getLogger(__name__)

_ENDING_SECONDS = 2.0  # past its timeout, what a check may take to say what it has found
_MOST_AT_ONCE = 400
_MOST_TRACES = 50  # of some kilobytes each
_SECONDS = 10.0


class WorkAlone(NamedTuple):
    """Check for a process of its own, and the file for what it observes."""

    claim: Claim
    targets: Targets
    outcome: Path


class GivenBack(Exception):
    """The check was not made, and somebody else may make it."""


class AgentQuarantine:
    """Checks that run alone here or rest, by the word of the server; what it is yet to be told."""

    def __init__(self, client: ServerClient, region: str) -> None:
        self._client = client
        self._region = region
        self._rests: dict[UUID, bool] = {}
        self._alone = AloneRunner("agent_check")
        self._reporting = threading.Lock()  # one thread at a time
        self._lock = threading.Lock()  # of what follows, for a moment only
        self._in_hand: set[UUID] = set()
        self._lost: dict[UUID, str] = {}
        self._done: set[UUID] = set()

    def close(self) -> None:
        """End what runs alone."""
        self._alone.close()

    def suspect(self, entries: Iterable[InHand]) -> None:
        """Tell the server what an agent had in hand as it ended. Raises ServerAway."""
        found: set[UUID] = set()
        for kind, key in entries:
            # Without a lease: results on their way, whose checks are over. What is of another
            # release, or damaged, must not end this agent too.
            with suppress(ValueError):
                id, region, token = key.split("/")
                if kind == WorkKind.CHECK and region == self._region and int(token) >= 0:
                    found.add(UUID(id))
        if found:
            log.warning("an agent ended with checks in hand", extra={"count": len(found)})
        with self._lock:
            self._in_hand |= found
        self.report()

    def learn(self, claims: Iterable[Mapping[str, Any]]) -> None:
        """Note what an answer says of the checks that were claimed."""
        for claim in claims:
            service_id, rests = UUID(claim["service_id"]), wire.rests_of_json(claim)
            if rests is None:
                self._rests.pop(service_id, None)
            else:
                self._rests[service_id] = rests

    def rests(self, claim: Claim) -> bool:
        """Say whether a check is not to be run for now."""
        return self._rests.get(claim.service_id, False)

    def runs_alone(self, claim: Claim) -> bool:
        """Say whether a check is to be run in a process of its own."""
        return claim.service_id in self._rests

    def run(self, claim: Claim, targets: Targets) -> Observation | None:
        """Return what a check observes in a process of its own; None: it is set aside now.

        Raises GivenBack where it ended that process, but may be tried again.
        """
        with tempfile.TemporaryDirectory(
            prefix="alertifypro-alone-", dir=scratch.folder()
        ) as folder:
            outcome = Path(folder) / "outcome.json"
            seconds = claim.snapshot.target.timeout_seconds + _ENDING_SECONDS
            try:
                with renewed_lease(partial(self._extend, Lease.of(claim))):
                    self._alone.run(WorkAlone(claim, targets, outcome), seconds)
                result = wire.observation_of_json(orjson.loads(outcome.read_bytes()))
            except StoppedAloneError:
                raise GivenBack from None
            except LostAloneError as error:
                self._note_loss(claim, hider(claim.snapshot.target.secrets)(str(error)))
                return None
        self._rests.pop(claim.service_id, None)
        with self._lock:
            self._done.add(claim.service_id)
        return result

    def _extend(self, lease: Lease, _seconds: float) -> None:
        """Hold a check for longer, if the server can be asked: its own margin, for the road."""
        if lease.token == ALONE:
            return
        body = {"leases": [{"service_id": str(lease.service_id), "lease_token": lease.token}]}
        with suppress(ServerAway, ServerRefused):
            self._client.post("extend", body, _SECONDS)

    def _note_loss(self, claim: Claim, trace: str) -> None:
        log.error("a check ended its process", extra={"key": claim.key, "why": trace})
        with self._lock:
            self._lost[claim.service_id] = trace
        try:
            set_aside = self.report()
        except ServerAway as error:
            log.warning("a loss is not counted yet", extra={"why": str(error)})
            raise GivenBack from error
        if claim.service_id not in set_aside:
            raise GivenBack
        self._rests[claim.service_id] = True

    def report(self) -> set[UUID]:
        """Tell the server what it does not know; return what it sets aside. Raises ServerAway."""
        result: set[UUID] = set()
        with self._reporting:
            while batch := self._batch():
                try:
                    answer = self._client.post("losses", batch, _SECONDS)
                except ServerRefused as error:
                    # Deleted meanwhile, or a server of the release before, which keeps no count.
                    log.warning("losses are not counted", extra={"why": str(error)})
                    answer = {"set_aside": []}
                result |= {UUID(id) for id in answer["set_aside"]}
                self._forget(batch)
        return result

    def _batch(self) -> dict[str, Any]:
        """Return a part of what the server does not know, {} when it knows everything."""
        with self._lock:
            in_hand, done = (list(ids)[:_MOST_AT_ONCE] for ids in (self._in_hand, self._done))
            lost = list(self._lost.items())[:_MOST_TRACES]
        if not (in_hand or done or lost):
            return {}
        return {
            "in_hand": [str(id) for id in in_hand],
            "lost": [{"service_id": str(id), "trace": trace} for id, trace in lost],
            "done": [str(id) for id in done],
        }

    def _forget(self, batch: Mapping[str, Any]) -> None:
        with self._lock:
            self._in_hand -= {UUID(id) for id in batch["in_hand"]}
            self._done -= {UUID(id) for id in batch["done"]}
            for one in batch["lost"]:
                if self._lost.get(UUID(one["service_id"])) == one["trace"]:
                    del self._lost[UUID(one["service_id"])]
