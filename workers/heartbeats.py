"""Periodic jobs of heartbeats: evaluate lateness, open and resolve alerts, forget old pings."""

import logging

from app.operations.heartbeats import flapping as heartbeat_flapping
from app.operations.heartbeats import flips as heartbeat_flips
from app.operations.heartbeats import retention as heartbeat_retention
from app.operations.heartbeats import sweep as heartbeat_sweep
from app.platform.clock import monotonic
from workers.job import periodic_job
from workers.watchdog import Host

log = logging.getLogger(__name__)

_SWEEP_SECONDS = 30  # well inside the job's time limit; the next tick goes on
_NEGLECTED_SECONDS = 1.5  # the watchdog hints every second


@periodic_job()
def sweep() -> None:
    """Look at every heartbeat whose time has come, then see to the alerts of what has changed."""
    end = monotonic() + _SWEEP_SECONDS
    while monotonic() < end and heartbeat_sweep.sweep() == heartbeat_sweep.BATCH:
        pass
    while monotonic() < end and heartbeat_flips.handle():
        pass
    heartbeat_flips.release()
    heartbeat_flapping.calm_down()


@periodic_job()
def forget() -> None:
    """Remove old pings, flips and gaps; mend heartbeats that nobody would look at."""
    removed, after = heartbeat_retention.prune_pings()
    while after is not None:
        more, after = heartbeat_retention.prune_pings(after)
        removed += more
    heartbeat_retention.forget()
    mended = heartbeat_retention.mend()
    if removed or mended:
        log.info("old pings and flips removed", extra={"pings_removed": removed, "mended": mended})


def host() -> Host:
    """Return what a watchdog needs to ask for sweeps, and to make them where a job takes long."""
    return Host(
        is_running=lambda: False,
        due_for_seconds=heartbeat_sweep.due_for_seconds,
        hint=heartbeat_flips.wake_sweep,
        run=_sweep_here,
        neglected_after_seconds=_NEGLECTED_SECONDS,
    )


def _sweep_here() -> None:
    try:
        sweep()
    except Exception:
        log.exception("heartbeat sweep failed; the next tick tries again")
