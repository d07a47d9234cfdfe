"""Counts of what the processes did, for Prometheus: checks, batches, lateness, deliveries."""

from collections import defaultdict
from collections.abc import Sequence

from app.domain.metrics import durations
from app.operations.recorded_check import RecordedCheck
from app.platform.bootstrap import runtime
from app.platform.counters import Labels

CHECKS = "checks"
LATENESS = "lateness"
BATCHES = "batches"
DELIVERIES = "deliveries"


def count_checks(checks: Sequence[RecordedCheck]) -> None:
    """Count stored checks by type and status, and how late they were."""
    by_status: defaultdict[Labels, float] = defaultdict(float)
    by_lateness: defaultdict[Labels, float] = defaultdict(float)
    for check in checks:
        by_status[check.snapshot.target.check_type, check.observation.status.value] += 1
        late = max(0.0, (check.checked_at - check.scheduled_for).total_seconds())
        by_lateness[(durations.bucket_of(late, durations.LATENESS),)] += 1
        by_lateness[(durations.SUM,)] += late
    counters = runtime().counters
    counters.add(CHECKS, by_status)
    counters.add(LATENESS, by_lateness)


def count_batch(seconds: float) -> None:
    """Count a transaction of a recorder, and how long it took."""
    bucket = durations.bucket_of(seconds, durations.BATCH)
    runtime().counters.add(BATCHES, {(bucket,): 1, (durations.SUM,): seconds})


def count_delivery(channel_type: str, status: str) -> None:
    """Count a try to send a message by what became of it: `pending` is tried again."""
    result = {"sent": "sent", "dead": "failed", "cancelled": "failed"}.get(status, "retried")
    runtime().counters.add(DELIVERIES, {(channel_type, result): 1})
