"""Health of the installation as its operators see it: how old the last of each kind of work is."""

from datetime import datetime, timedelta
from typing import Any

from app.operations.alerts import operator_alerts
from app.operations.checks import regions
from app.operations.self_monitoring import lateness
from app.platform.transaction import Transaction, transaction

_BLIND_DAYS = 30
_MOST_PERIODS = 100

# What was done last, whatever is due now: without services there is no result, and nothing is late.
_LAST = {
    "results": "SELECT max(last_checked_at) FROM schedule_entries",
    "deliveries": "SELECT max(last_success_at) FROM notification_channels",
    "sweeps": "SELECT finished_at FROM tick_runs WHERE job = 'workers.heartbeats.sweep'",
    "escalations": "SELECT finished_at FROM tick_runs WHERE job = 'workers.escalations.advance'",
    "housekeeping": "SELECT finished_at FROM tick_runs WHERE job = 'workers.housekeeping.repair'",
    "roll_ups": "SELECT finished_at FROM tick_runs WHERE job = 'workers.metrics.roll_up'",
    "beacon": "SELECT last_at FROM ingest_beacons WHERE id = 1",
}
# Without pings: nothing could be stored. Without sight: no host answered, by the operators' alert.
_BLIND = """
SELECT kind, starts_at, ends_at FROM (
    SELECT 'pings' AS kind, starts_at, ends_at FROM ingest_gaps
    UNION
    SELECT 'checks', fired_at, resolved_at FROM alerts
    WHERE service_name = %(source)s AND title = %(title)s AND service_id IS NULL
) periods
WHERE ends_at IS NULL OR ends_at > now() - %(days)s * interval '1 day'
ORDER BY starts_at DESC LIMIT %(most)s
"""


def read() -> dict[str, Any]:
    """Return `{is_late, last, late, blind_periods}`; `last` has `at` and `age_seconds` by kind."""
    with transaction() as tx:
        last = _last(tx)
        late = lateness.late(tx)
        values = {
            "source": operator_alerts.SOURCE,
            "title": operator_alerts.TITLES["blind"],
            "days": _BLIND_DAYS,
            "most": _MOST_PERIODS,
        }
        periods = tx.driver.execute(_BLIND, values).fetchall()
    return {
        "is_late": bool(late),
        "last": last,
        "late": [
            {"part": one.part, "since": one.since, "problem": one.problem, "advice": one.advice}
            for one in late
        ],
        "blind_periods": [
            {"kind": kind, "starts_at": begin, "ends_at": end} for kind, begin, end in periods
        ],
    }


def ages(tx: Transaction) -> dict[str, float | None]:
    """Return how many seconds ago each kind of work was last done; None where it never was."""
    return {name: one["age_seconds"] for name, one in _last(tx).items()}


def unable_seconds(tx: Transaction) -> float:
    """Return for how long no reference host has answered any check; 0 while one does."""
    since = regions.unable_since(tx)
    return 0.0 if since is None else round(max(timedelta(), tx.now() - since).total_seconds(), 1)


def _last(tx: Transaction) -> dict[str, dict[str, Any]]:
    now = tx.now()
    return {name: _age(tx.scalar(query), now) for name, query in _LAST.items()}


def _age(at: datetime | None, now: datetime) -> dict[str, Any]:
    age = None if at is None else max(timedelta(), now - at).total_seconds()
    return {"at": at, "age_seconds": None if age is None else round(age, 1)}
