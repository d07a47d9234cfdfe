"""Batches stored whatever the database refuses of them: tried again, taken apart, published."""

import logging
from datetime import datetime

from app.operations.checks import record as checks_record
from app.operations.checks import retention
from app.operations.recorded_check import RecordedCheck
from app.platform.bootstrap import runtime
from app.platform.events import Event
from app.platform.transaction import DATABASE_AWAY, StatementRefusal, refusal

log = logging.getLogger(__name__)

_ATTEMPTS = 3  # at a batch whose rows others hold, before it is taken apart


def store(batch: list[RecordedCheck], now: datetime, attempt: int = 1) -> None:
    """Record a batch and publish its events; one result that cannot be stored holds up no other.

    `now` is the database's clock. Raises DATABASE_AWAY errors while the database is away.
    """
    if not batch:
        return
    try:
        events = checks_record.record(batch, now)
    except DATABASE_AWAY as error:
        why = refusal(error)
        if why is None:
            raise
        log.warning(
            "a batch was not recorded", extra={"why": why, "size": len(batch), "try": attempt}
        )
        _store_refused(batch, now, why, attempt)
    except Exception as error:
        # The fence: whatever one result does to the database, the others are recorded.
        _store_apart(batch, now, error)
    else:
        _publish(events)


def _store_refused(
    batch: list[RecordedCheck], now: datetime, why: StatementRefusal, attempt: int
) -> None:
    """Store a batch that the database did not want to wait for, in ever smaller parts.

    Rivals over rows go away by themselves. What takes too long is the history that rules look
    at: the one result whose rules cost so much is stored without, and its page is not lost
    beyond the next check. A row that stays locked is left to the next lease.
    """
    if why is not StatementRefusal.STATEMENT_TIMEOUT and attempt < _ATTEMPTS:
        store(batch, now, attempt + 1)
    elif len(batch) > 1:
        middle = len(batch) // 2
        store(batch[:middle], now, attempt)
        store(batch[middle:], now, attempt)
    elif why is StatementRefusal.STATEMENT_TIMEOUT:
        service_id = str(batch[0].service_id)
        log.error("rules look at too much history", extra={"service_id": service_id})
        _store_without_history(batch, now)
    else:
        log.error(
            "a check result cannot be stored now; the check is made again",
            extra={"service_id": str(batch[0].service_id), "why": why},
        )


def _store_without_history(batch: list[RecordedCheck], now: datetime) -> None:
    try:
        _publish(checks_record.record(batch, now, with_history=False))
    except DATABASE_AWAY as error:
        if refusal(error) is None:
            raise
        log.error(
            "a check result cannot be stored now; the check is made again",
            extra={"service_id": str(batch[0].service_id), "why": refusal(error)},
        )


def _publish(events: list[Event]) -> None:
    try:
        runtime().feed.publish(events)
    except Exception:
        # The fence: the results are stored; a frame nobody can write must not hold up the next.
        log.exception("live events could not be published")


def _store_apart(batch: list[RecordedCheck], now: datetime, error: Exception) -> None:
    """Find the one result the database refuses; the others must not be lost with it."""
    if retention.ensure_partitions():
        store(batch, now)
    elif len(batch) == 1:
        log.error(
            "a check result cannot be stored",
            extra={"service_id": str(batch[0].service_id), "why": str(error)},
        )
    else:
        middle = len(batch) // 2
        store(batch[:middle], now)
        store(batch[middle:], now)
