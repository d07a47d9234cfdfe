"""Lateness of the monitor: the age of what was done last, whatever processes there are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from app.operations.notifications.claim import OVERDUE
from app.platform.transaction import Transaction

RESULTS_LATE_SECONDS = 30  # past due time and timeout
DELIVERIES_LATE_SECONDS = 60
SWEEPS_LATE_SECONDS = 30
_WITHIN_SECONDS = {
    "workers.escalations.advance": ("escalations", 60),
    "workers.announcements.announce": ("announcements", 120),
    "workers.housekeeping.repair": ("housekeeping", 180),
    "workers.metrics.freeze": ("roll-ups", 3 * 3600),
}
_ADVICE = {
    "results": "check that the disk is not full and that probe workers run; see logs/probes-1.log",
    "deliveries": "check the mail server and the notification worker; see logs/notifications.log",
    "roll-ups": "check the metrics worker; see logs/metrics.log",
}
_ADVICE_ELSE = "check the background worker; see logs/background.log"

_RESULTS = """
SELECT min(e.next_due_at + s.timeout_seconds * interval '1 second'), count(*)
FROM schedule_entries e JOIN services s ON s.id = e.service_id
WHERE e.next_due_at < now() - (s.timeout_seconds + %s) * interval '1 second'
  -- The agents of an organization's own location are its own affair.
  AND NOT EXISTS (SELECT FROM locations l WHERE l.region = e.region AND NOT l.is_shared)
"""
# Evaluated up to the last proof that pings could be received, as the sweep does.
_SWEEPS = """
SELECT min(h.next_look_at), count(*) FROM heartbeats h, ingest_beacons b
WHERE b.id = 1 AND h.next_look_at < LEAST(now(), b.last_at) - %s * interval '1 second'
"""
_TICKS = "SELECT job, finished_at FROM tick_runs WHERE finished_at IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Late:
    """One part of the monitor that is behind."""

    part: str
    since: datetime
    problem: str

    @property
    def advice(self) -> str:
        """Return what an operator can do."""
        return _ADVICE.get(self.part, _ADVICE_ELSE)

    def __str__(self) -> str:
        return f"{self.problem} since {self.since:%Y-%m-%d %H:%M:%S} UTC; {self.advice}"


def late(tx: Transaction) -> list[Late]:
    """Return every part that is late; it only reads, so that it works on a full disk as well."""
    now, driver = tx.now(), tx.driver
    result = [*_late_results(driver), *_late_deliveries(driver), *_late_sweeps(driver)]
    for job, finished_at in driver.execute(_TICKS).fetchall():
        part, seconds = _WITHIN_SECONDS.get(job, ("", 0))
        if part and finished_at < now - timedelta(seconds=seconds):
            result.append(Late(part, finished_at, f"{part} have not run"))
    return result


def _late_results(driver: psycopg.Connection[Any]) -> list[Late]:
    since, count = driver.execute(_RESULTS, (RESULTS_LATE_SECONDS,)).fetchall()[0]
    if since is None:
        return []
    return [Late("results", since, f"results of {count} checks have not been stored")]


def _late_sweeps(driver: psycopg.Connection[Any]) -> list[Late]:
    since, count = driver.execute(_SWEEPS, (SWEEPS_LATE_SECONDS,)).fetchall()[0]
    if since is None:
        return []
    return [Late("sweeps", since, f"{count} heartbeats have not been evaluated")]


def _late_deliveries(driver: psycopg.Connection[Any]) -> list[Late]:
    since, count = driver.execute(
        OVERDUE, {"seconds": DELIVERIES_LATE_SECONDS, "busy": []}
    ).fetchall()[0]
    if since is None:
        return []
    return [Late("deliveries", since, f"{count} messages have not been sent")]
