"""Standing chores of status pages: snapshots made anew."""

import logging

from app.operations.status_pages import snapshots
from app.platform.clock import monotonic
from workers.job import chore
from workers.watchdog import Host

log = logging.getLogger(__name__)

_SECONDS = 20  # well inside the job's time limit; the next tick goes on


@chore()
def make_snapshots() -> None:
    """Make the snapshots of pages that are due, until none is."""
    end = monotonic() + _SECONDS
    while monotonic() < end and (claimed := snapshots.claim()) is not None:
        snapshots.assign_keys(claimed.page_id)
        snapshots.make(claimed)


def host() -> Host:
    """Return what a pump needs to make snapshots where ticks do not get through."""
    return Host(
        is_running=lambda: False,
        is_anything_due=snapshots.is_anything_due,
        hint=snapshots.hint,
        run=_make_here,
    )


def _make_here() -> None:
    try:
        make_snapshots()
    except Exception:
        log.exception("no snapshot was made; the next look tries again")
