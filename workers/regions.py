"""Periodic jobs that watch the monitor itself."""

import logging

from app.operations.checks import regions
from workers.job import periodic_job

log = logging.getLogger(__name__)


@periodic_job()
def watch() -> None:
    """Notice regions without workers, and workers that are isolated."""
    for region in regions.watch():
        log.error("no worker is alive in a region", extra={"region": region})
