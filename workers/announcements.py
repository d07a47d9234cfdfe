"""Periodic jobs of messages about no alert: maintenance, certificates, statuses held back."""

import logging

from app.operations.checks import certificate_expiry, status_announcements
from app.operations.maintenance import announcements as maintenance_announcements
from app.operations.maintenance import muting
from app.platform.clock import monotonic
from workers.job import periodic_job

log = logging.getLogger(__name__)

_EDGE_SECONDS = 30  # well inside the job's time limit; the next tick goes on


@periodic_job()
def announce() -> None:
    """Announce maintenance that begins or ends, and what was held back meanwhile."""
    end = monotonic() + _EDGE_SECONDS
    while monotonic() < end and maintenance_announcements.enqueue_due():
        pass
    muting.release_deferred()
    status_announcements.catch_up()


@periodic_job()
def warn_of_certificates() -> None:
    """Tell of certificates that end soon, and of those that have ended."""
    told = certificate_expiry.warn()
    if told:
        log.info("certificate expiry announced", extra={"count": told})
