"""Standing watch over the monitor itself."""

import logging

from app.operations.checks import regions
from workers.job import chore

log = logging.getLogger(__name__)


@chore()
def watch() -> None:
    """Notice regions without workers and workers without sight."""
    for region in regions.watch():
        log.error("no worker is alive in a region", extra={"region": region})
