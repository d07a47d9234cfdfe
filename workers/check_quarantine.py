"""Quarantine of checks that ended their probe worker."""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from app.domain.masking import hider
from app.domain.types import Observation, Status
from app.operations.checks import claim as checks_claim
from app.operations.checks.claim import Claim, Lease
from app.operations.health import quarantine
from app.operations.health.quarantine import WorkKind
from app.platform.clock import monotonic
from app.platform.transaction import DATABASE_AWAY
from workers.isolation import (
    AloneRunner,
    ExcusedAloneError,
    LostAloneError,
    StoppedAloneError,
    renewed_lease,
)

log = logging.getLogger(__name__)

_REFRESH_SECONDS = 5.0
_RECORDING_SECONDS = 10.0
_AWAY_SECONDS = 0.5  # between tries while the database is away
_TRIES_WHILE_AWAY = 20
SET_ASIDE = Observation(
    Status.UNKNOWN,
    None,
    error="the monitor itself: this check ended the process that ran it again and again, and is"
    " set aside for an hour; its operators have been told",
)


class CheckQuarantine:
    """Quarantine of this process: suspects, and checks set aside. One thread at a time uses it."""

    def __init__(self) -> None:
        self._set_aside: dict[str, bool] = {}
        self._read_at = float("-inf")
        self._suspects: set[str] = set()

    def refresh(self, claims: list[Claim]) -> None:
        """Learn what is set aside, and which of the claims were lost before."""
        lost = [claim for claim in claims if claim.loss.losses]
        self._suspects.update(claim.key for claim in lost if not claim.loss.is_alone)
        self._suspects -= {claim.key for claim in lost if claim.loss.is_alone}
        if monotonic() - self._read_at > _REFRESH_SECONDS:
            self._set_aside = quarantine.set_aside(WorkKind.CHECK)
            self._read_at = monotonic()

    def rests(self, claim: Claim) -> bool:
        """Say whether a check is not to be run for now."""
        return bool(self._set_aside) and self._set_aside.get(claim.key, False)

    def runs_alone(self, claim: Claim) -> bool:
        """Say whether a check is to be run in a process of its own."""
        if claim.loss.is_alone:
            return True
        return bool(self._set_aside) and claim.key in self._set_aside

    def recorded(self, keys: set[str]) -> None:
        """Forget what was held against checks whose results are stored."""
        cleared = keys & self._suspects
        if cleared:
            self._suspects -= cleared
            quarantine.clear(WorkKind.CHECK, cleared)

    @property
    def has_suspects(self) -> bool:
        """Say whether there is anything to clear."""
        return bool(self._suspects)

    def run_alone(
        self, claim: Claim, runner: AloneRunner, call: Callable[..., Any]
    ) -> Observation | None:
        """Run and record a check in a process of its own, again until three losses in a row.

        Return what to record if that was lost. `call` runs a database operation in an application
        context. Several threads may be here at a time.
        """
        seconds = claim.snapshot.target.timeout_seconds + _RECORDING_SECONDS
        is_aside, tries_left = False, _TRIES_WHILE_AWAY
        try:
            while not is_aside:
                try:
                    with renewed_lease(partial(call, checks_claim.extend_lease, Lease.of(claim))):
                        runner.run(claim._replace(rules=()), seconds)
                except LostAloneError as error:
                    trace = hider(claim.snapshot.target.secrets)(str(error))
                    is_aside = call(_count_loss, claim.key, trace)
                except (ExcusedAloneError, *DATABASE_AWAY):
                    tries_left -= 1
                    if not tries_left:
                        return None  # it comes again by its lease
                    time.sleep(_AWAY_SECONDS)
                except StoppedAloneError:
                    call(checks_claim.release, [Lease.of(claim)])
                    return None
                else:
                    call(quarantine.clear, WorkKind.CHECK, [claim.key])
                    self._set_aside.pop(claim.key, None)  # or the next ones would run alone too
                    return None
        except DATABASE_AWAY:
            return None  # it comes again by its lease
        return SET_ASIDE


def _count_loss(key: str, trace: str) -> bool:
    log.warning("a check was lost in a process of its own", extra={"key": key, "why": trace})
    return quarantine.count_failure(WorkKind.CHECK, key, trace, ends_process=True)
