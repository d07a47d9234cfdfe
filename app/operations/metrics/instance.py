"""Figures of this installation, as PostgreSQL and Redis know them: every web process says the same.

Each is a `Figure`, named by the conventions of Prometheus
(https://prometheus.io/docs/practices/naming/): base units, `_total` for what only grows.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg
from redis import RedisError

from app.domain.metrics import durations
from app.operations.metrics import counting
from app.platform.bootstrap import runtime
from app.platform.clock import monotonic
from app.platform.transaction import DATABASE_AWAY, transaction

MAX_SERVICES = 1000
_TIMEOUT_MS = 5000


class MetricKind(StrEnum):
    """Type of a figure, in Prometheus' words."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with one sample for each combination of labels.

    A histogram has the label `le`, its buckets cumulative, and its `sum` beside them.
    """

    name: str
    help: str
    kind: MetricKind
    labels: tuple[str, ...]
    samples: list[tuple[tuple[str, ...], float]]
    sum: float = 0.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """A gauge that one statement answers: its columns are the labels, the last one the value."""

    name: str
    help: str
    statement: str
    labels: tuple[str, ...] = ()
    kind: MetricKind = MetricKind.GAUGE


_ASKED = (
    _Asked(
        "organizations",
        "Organizations of this installation.",
        "SELECT count(*) FROM organizations",
    ),
    _Asked(
        "services",
        "Services by status; PAUSED are those that are not active.",
        "SELECT CASE WHEN is_active THEN status ELSE 'PAUSED' END, count(*) FROM services"
        " GROUP BY 1 ORDER BY 1",
        ("status",),
    ),
    _Asked(
        "heartbeats",
        "Heartbeats by status; paused are those that are not active.",
        "SELECT CASE WHEN is_active THEN status ELSE 'paused' END, count(*) FROM heartbeats"
        " GROUP BY 1 ORDER BY 1",
        ("status",),
    ),
    _Asked(
        "alerts_open",
        "Alerts that are not resolved, by severity and status.",
        "SELECT severity, status, count(*) FROM alerts WHERE status <> 'resolved'"
        " GROUP BY 1, 2 ORDER BY 1, 2",
        ("severity", "status"),
    ),
    _Asked(
        "checks_due",
        "Checks that are due and have no stored result yet, by region.",
        "SELECT region, count(*) FROM schedule_entries WHERE next_due_at < now()"
        " GROUP BY 1 ORDER BY 1",
        ("region",),
    ),
    _Asked(
        "checks_due_oldest_age_seconds",
        "How long the oldest check that has no stored result is past its time and its timeout.",
        "SELECT greatest(0, coalesce(max(date_part('epoch', now() - e.next_due_at)"
        " - s.timeout_seconds), 0)) FROM schedule_entries e JOIN services s ON s.id = e.service_id"
        " WHERE e.next_due_at < now()",
    ),
    _Asked(
        "outbox_messages",
        "Messages that wait to be sent, those that are tried again later among them.",
        "SELECT count(*) FROM notifications WHERE status = 'pending'",
    ),
    _Asked(
        "outbox_oldest_age_seconds",
        "How long the oldest message that may be sent now has been due.",
        "SELECT greatest(0, coalesce(date_part('epoch', now() - min(next_try_at)), 0))"
        " FROM notifications WHERE status = 'pending'",
    ),
    _Asked(
        "heartbeat_pings_total",
        "Pings taken in, by their running number.",
        "SELECT coalesce(pg_sequence_last_value("
        "pg_get_serial_sequence('heartbeat_pings', 'id')::regclass), 0)",
        kind=MetricKind.COUNTER,
    ),
    _Asked(
        "ingest_beacon_age_seconds",
        "Age of the last proof that pings can be received.",
        "SELECT greatest(0, date_part('epoch', now() - last_at)) FROM ingest_beacons WHERE id = 1",
    ),
    _Asked(
        "rollup_lag_seconds",
        "Age of the moment up to which results are rolled up; an hour and two minutes is normal.",
        "SELECT greatest(0, date_part('epoch', now() - done_until)) FROM metric_progress",
    ),
    _Asked(
        "rollup_dirty_rows",
        "Hours of services that wait to be rolled up again.",
        "SELECT count(*) FROM metric_dirty",
    ),
    _Asked(
        "tick_age_seconds",
        "Time since a periodic job last succeeded; up to a minute where it would find nothing.",
        "SELECT job, greatest(0, date_part('epoch', now() - finished_at)) FROM tick_runs"
        " WHERE finished_at IS NOT NULL ORDER BY 1",
        ("job",),
    ),
    _Asked(
        "worker_pulse_age_seconds",
        "Time since a probe worker last said that it works; ended ones vanish after a while.",
        "SELECT worker, region, greatest(0, date_part('epoch', now() - at)) FROM worker_pulses"
        " ORDER BY 1",
        ("worker", "region"),
    ),
    _Asked(
        "worker_blind",
        "1 while a probe worker cannot reach its reference hosts either, so that it is isolated.",
        "SELECT worker, region, (blind_since IS NOT NULL)::int FROM worker_pulses ORDER BY 1",
        ("worker", "region"),
    ),
    _Asked(
        "services_omitted",
        f"Services beyond the first {MAX_SERVICES}, which have no figures of their own here.",
        "SELECT greatest(0, count(*) - %(bound)s) FROM services",
    ),
    _Asked(
        "service_up",
        "1 where the confirmed status of an active service is GREEN or YELLOW, 0 where it is RED.",
        "SELECT o.slug, s.id::text, s.name, s.check_type, (s.status <> 'RED')::int FROM"
        " (SELECT * FROM services ORDER BY created_at, id LIMIT %(bound)s) s"
        " JOIN organizations o ON o.id = s.organization_id"
        " WHERE s.is_active AND s.status IN ('GREEN', 'YELLOW', 'RED')",
        ("organization", "service_id", "service", "check_type"),
    ),
    _Asked(
        "service_response_time_seconds",
        "Response time of the last check of an active service, by region.",
        "SELECT o.slug, s.id::text, s.name, s.check_type, e.region, e.last_response_time_ms / 1000"
        " FROM (SELECT * FROM services ORDER BY created_at, id LIMIT %(bound)s) s"
        " JOIN organizations o ON o.id = s.organization_id"
        " JOIN schedule_entries e ON e.service_id = s.id"
        " WHERE s.is_active AND e.last_response_time_ms IS NOT NULL",
        ("organization", "service_id", "service", "check_type", "region"),
    ),
    _Asked(
        "certificate_not_after_timestamp_seconds",
        "When the certificate that an active service shows expires, in seconds since 1970.",
        "SELECT o.slug, s.id::text, s.name, c.domain, date_part('epoch', c.valid_to) FROM"
        " (SELECT * FROM services ORDER BY created_at, id LIMIT %(bound)s) s"
        " JOIN organizations o ON o.id = s.organization_id"
        " JOIN ssl_certificates c ON c.service_id = s.id"
        " WHERE s.is_active",
        ("organization", "service_id", "service", "domain"),
    ),
)


def figures() -> Iterator[Figure]:
    """Yield the figures; what PostgreSQL or Redis knows is left out while it is away."""
    yield from _with_round_trip("database", _of_database, DATABASE_AWAY)
    yield from _with_round_trip("redis", _of_redis, (RedisError,))


def _with_round_trip(
    what: str, read: Callable[[], tuple[float, list[Figure]]], away: tuple[type[Exception], ...]
) -> list[Figure]:
    name = "Redis" if what == "redis" else "PostgreSQL"
    try:
        seconds, found = read()
    except away:
        return [_gauge(f"{what}_up", f"1 while {name} answers.", 0)]
    return [
        _gauge(f"{what}_up", f"1 while {name} answers.", 1),
        _gauge(f"{what}_round_trip_seconds", f"Time of one question to {name}.", seconds),
        *found,
    ]


def _gauge(name: str, help: str, value: float) -> Figure:
    return Figure(name, help, MetricKind.GAUGE, (), [((), value)])


def _of_database() -> tuple[float, list[Figure]]:
    with transaction() as tx:
        tx.driver.execute("SET TRANSACTION READ ONLY")
        tx.driver.execute(f"SET LOCAL statement_timeout = {_TIMEOUT_MS}")
        began_at = monotonic()
        tx.driver.execute("SELECT 1").fetchone()
        seconds = monotonic() - began_at
        return seconds, [_measure_figure(tx.driver, asked) for asked in _ASKED]


def _measure_figure(driver: psycopg.Connection[Any], asked: _Asked) -> Figure:
    rows = driver.execute(asked.statement.encode(), {"bound": MAX_SERVICES}).fetchall()
    samples = [(tuple(map(str, labels)), float(number)) for *labels, number in rows]
    return Figure(asked.name, asked.help, asked.kind, asked.labels, samples)


def _of_redis() -> tuple[float, list[Figure]]:
    counters, hints = runtime().counters, runtime().hints
    began_at = monotonic()
    runtime().redis.ping()
    seconds = monotonic() - began_at
    depths = {(name,): float(count) for name, count in sorted(hints.depths().items())}
    return seconds, [
        Figure(
            "queue_jobs",
            "Jobs that wait in a queue.",
            MetricKind.GAUGE,
            ("queue",),
            [*depths.items()],
        ),
        _counter(
            "checks_total",
            "Checks stored, by type and by the status of their own result.",
            ("check_type", "status"),
            counters.read(counting.CHECKS),
        ),
        _counter(
            "deliveries_total",
            "Tries to send a message, by type of channel; failed ones are not tried again.",
            ("channel_type", "result"),
            counters.read(counting.DELIVERIES),
        ),
        _histogram(
            "schedule_lateness_seconds",
            "How long after its due time a check began.",
            durations.LATENESS,
            counters.read(counting.LATENESS),
        ),
        _histogram(
            "recorder_batch_seconds",
            "How long it took to store a batch of checks, the evaluation of rules included.",
            durations.BATCH,
            counters.read(counting.BATCHES),
        ),
    ]


def _counter(
    name: str, help: str, labels: tuple[str, ...], found: dict[tuple[str, ...], float]
) -> Figure:
    return Figure(name, help, MetricKind.COUNTER, labels, sorted(found.items()))


def _histogram(
    name: str, help: str, bounds: Sequence[float], found: dict[tuple[str, ...], float]
) -> Figure:
    counts = {bucket: amount for (bucket,), amount in found.items()}
    samples: list[tuple[tuple[str, ...], float]] = [
        ((bound,), count) for bound, count in durations.cumulative(counts, bounds)
    ]
    return Figure(name, help, MetricKind.HISTOGRAM, (), samples, sum=counts.get(durations.SUM, 0.0))
