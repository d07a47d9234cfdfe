"""Periodic jobs of housekeeping: repair after a crash, partitions, removal of what has expired."""

import logging

from redis import RedisError

from app.operations.alerts import clock_steps
from app.operations.checks import retention
from app.operations.heartbeats import heartbeats
from app.operations.metrics import partitions as metric_partitions
from app.operations.schedule import repair as repairs
from app.platform.bootstrap import runtime
from app.platform.clock import monotonic
from app.platform.transaction import transaction
from workers.job import periodic_job

_REPAIR_JOB = "workers.housekeeping.repair"
_REPAIR_SECONDS = 15  # between two rounds

log = logging.getLogger(__name__)


@periodic_job()
def repair() -> None:
    """Find and mend what crashes, and a clock that was set back, left behind; count it."""
    step = clock_steps.follow(_REPAIR_JOB)
    if step is not None:
        log.warning("the database's clock was set back", extra={"seconds": step.total_seconds()})
    heartbeats.follow_clock()
    for what, count in repairs.mend_next(int(monotonic() / _REPAIR_SECONDS)).items():
        if count:
            log.warning("schedule repaired", extra={"what": what, "count": count})


@periodic_job()
def keep_partitions() -> None:
    """Make the coming days' partitions and drop the days past retention."""
    for name in retention.ensure_partitions():
        log.info("partition made", extra={"partition": name})
    for name in retention.drop_old_partitions():
        log.info("partition dropped", extra={"partition": name})
    with transaction() as tx:
        now = tx.now()
    for name in metric_partitions.drop_old(now):
        log.info("partition dropped", extra={"partition": name})


@periodic_job()
def forget() -> None:
    """Remove expired tokens and probe requests, and the history of deleted services."""
    retention.forget_expired()
    if retention.purge_deleted_services():
        try:
            runtime().hints.work("workers.housekeeping.forget")
        except RedisError:
            log.info("the next tick goes on with the purge")
