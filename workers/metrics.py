"""Periodic jobs on metrics that may take minutes: it has a worker of its own."""

import logging

from app.operations.metrics import freezing
from app.operations.metrics import roll_up as roll_ups
from app.operations.reports import monthly
from app.platform.transaction import transaction
from workers.job import periodic_job

log = logging.getLogger(__name__)


@periodic_job(600.0)
def roll_up() -> None:
    """Roll up the hours that are over, and those for which results or corrections have come."""
    if count := roll_ups.roll_up():
        log.info("rolled up", extra={"hours": count})


@periodic_job()
def send_reports() -> None:
    """Put the monthly reports that are due into the outbox."""
    if count := monthly.send_due():
        log.info("monthly reports enqueued", extra={"count": count})


@periodic_job(7200.0)
def freeze() -> None:
    """Freeze the days of raw results that are over and were not frozen yet, newest first."""
    with transaction() as tx:
        now = tx.now()
    while name := freezing.freeze_a_day(now):
        log.info("partition frozen", extra={"partition": name})
