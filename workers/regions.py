"""Standing watch over the monitor itself."""

import logging

from app.operations.alerts import operator_alerts
from app.operations.checks import regions
from app.operations.health import quarantine, ticks
from workers.job import chore

log = logging.getLogger(__name__)


@chore
def watch() -> None:
    """Notice regions without workers and workers without sight."""
    for region in regions.watch():
        log.error("no worker is alive in a region", extra={"region": region})
    found = [problem for problem in (quarantine.problem(), ticks.problem()) if problem]
    operator_alerts.settle("quarantine", "\n".join(found) or None)
