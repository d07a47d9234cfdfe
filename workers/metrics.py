"""Standing work on figures that may take minutes: it has a worker of its own."""

import logging

from app.operations.metrics import freezing
from app.platform.transaction import transaction
from workers.job import chore

log = logging.getLogger(__name__)


@chore(7200.0)
def freeze() -> None:
    """Freeze the days of raw results that are over and were not frozen yet, newest first."""
    with transaction() as tx:
        now = tx.now()
    while name := freezing.freeze_a_day(now):
        log.info("partition frozen", extra={"partition": name})
