"""Random histories of a service, and what figures they must give, reckoned in the plainest way."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import psycopg

from app.domain.metrics.coverage import cover_seconds
from app.domain.metrics.status_line import SpanKind, milliseconds

COUNTING = ("GREEN", "YELLOW", "RED")
_KINDS = {
    "GREEN": SpanKind.UP,
    "YELLOW": SpanKind.UP,
    "RED": SpanKind.DOWN,
    "PENDING": SpanKind.PENDING,
}
_COLUMNS = (
    "service_id, scheduled_for, region, id, checked_at, status, settled_status,"
    " response_time_ms, in_maintenance, cover_seconds"
)


@dataclass(frozen=True)
class Result:
    """One check result."""

    at: datetime
    due: datetime
    region: str
    status: str
    settled: str
    response_time_ms: float | None
    in_maintenance: bool
    cover: int

    @property
    def kind(self) -> SpanKind:
        """What it makes of the time it speaks for."""
        return (
            SpanKind.MAINTENANCE
            if self.in_maintenance
            else _KINDS.get(self.settled, SpanKind.UNKNOWN)
        )

    @property
    def counts(self) -> bool:
        """Say whether it counts by its own status."""
        return self.status in COUNTING and not self.in_maintenance


@dataclass
class History:
    """Results of a service, and the stretches that lie on top of them."""

    service_id: UUID
    results: list[Result] = field(default_factory=list)
    pauses: list[tuple[datetime, datetime]] = field(default_factory=list)
    corrections: list[tuple[datetime, datetime, str]] = field(default_factory=list)

    def seconds(self, since: datetime, until: datetime) -> dict[SpanKind, int]:
        """Return the milliseconds of each kind in a window, the plain way: edge by edge."""
        begin, end = milliseconds(since), milliseconds(until)
        ordered = sorted(self.results, key=lambda result: (result.at, result.region))
        times = [milliseconds(result.at) for result in ordered]
        edges = {begin, end, *times}
        edges |= {t + 1000 * result.cover for t, result in zip(times, ordered, strict=True)}
        for first, last, *_ in (*self.pauses, *self.corrections):
            edges |= {milliseconds(first), milliseconds(last)}
        cuts = sorted(edge for edge in edges if begin <= edge <= end)
        found = dict.fromkeys(SpanKind, 0)
        place = -1
        for start, stop in pairwise(cuts):
            while place + 1 < len(times) and times[place + 1] <= start:
                place += 1
            found[self._kind(ordered, times, place, start)] += stop - start
        return found

    def _kind(self, ordered: Sequence[Result], times: list[int], place: int, at: int) -> SpanKind:
        for first, last, kind in reversed(self.corrections):
            if milliseconds(first) <= at < milliseconds(last):
                return SpanKind(kind)
        if any(milliseconds(first) <= at < milliseconds(last) for first, last in self.pauses):
            return SpanKind.PAUSED
        if place < 0:
            return SpanKind.PENDING
        if at >= times[place] + 1000 * ordered[place].cover:
            return SpanKind.UNKNOWN
        return ordered[place].kind

    def counted(self, since: datetime, until: datetime) -> list[Result]:
        """Return the results that count in a window."""
        return [each for each in self.results if each.counts and since <= each.at < until]

    def store(self, connection: psycopg.Connection[Any], results: Sequence[Result]) -> None:
        """Store some of the results."""
        with connection.cursor().copy(f"COPY check_results ({_COLUMNS}) FROM STDIN") as copy:
            for each in results:
                copy.write_row(
                    (
                        self.service_id,
                        each.due,
                        each.region,
                        uuid4(),
                        each.at,
                        each.status,
                        None if each.settled == each.status else each.settled,
                        each.response_time_ms,
                        each.in_maintenance,
                        each.cover,
                    )
                )

    def store_rest(self, connection: psycopg.Connection[Any], organization_id: UUID) -> None:
        """Store pauses and corrections."""
        for begin, end in self.pauses:
            for at, before, after in ((begin, "GREEN", "PAUSED"), (end, "PAUSED", "GREEN")):
                connection.execute(
                    "INSERT INTO status_changes (id, service_id, at, from_status, to_status)"
                    " VALUES (gen_random_uuid(), %s, %s, %s, %s)",
                    (self.service_id, at, before, after),
                )
        for place, (begin, end, kind) in enumerate(self.corrections):
            connection.execute(
                "INSERT INTO metric_corrections (id, organization_id, service_id, begins_at,"
                " ends_at, kind, reason, created_at)"
                " VALUES (gen_random_uuid(), %s, %s, %s, %s, %s, '', now() + %s)",
                (organization_id, self.service_id, begin, end, kind, timedelta(seconds=place)),
            )


def random_history(
    dice: random.Random, service_id: UUID, since: datetime, until: datetime
) -> History:
    """Return a history with outages, gaps of the monitor, regions, pauses, and new intervals."""
    history = History(service_id)
    at = since + timedelta(seconds=dice.uniform(0, 7200))
    interval, regions, settled = 60, 1, "PENDING"
    while at < until:
        if dice.random() < 0.01:
            interval = dice.choice([1, 5, 30, 60, 300, 3600, 86_400])
        if dice.random() < 0.01:
            regions = dice.choice([1, 1, 3])
        if dice.random() < 0.05:
            settled = dice.choice(["GREEN", "GREEN", "GREEN", "YELLOW", "RED", "PENDING"])
        for number in range(regions):
            late = timedelta(seconds=min(interval, dice.expovariate(2)))
            status = dice.choices([settled, "RED", "UNKNOWN", "GREEN"], [20, 1, 1, 1])[0]
            status = "RED" if status == "PENDING" else status
            has_time = status in ("GREEN", "YELLOW") or (status == "RED" and dice.random() < 0.5)
            history.results.append(
                Result(
                    at=at + late,
                    due=at,
                    region=f"r{number}",
                    status=status,
                    settled="UNKNOWN" if status == "UNKNOWN" else settled,
                    response_time_ms=round(dice.lognormvariate(4, 1), 2) if has_time else None,
                    in_maintenance=dice.random() < 0.03,
                    cover=cover_seconds(interval, min(10, interval)),
                )
            )
        gap = dice.uniform(0, 20_000) if dice.random() < 0.004 else 0
        at += timedelta(seconds=min(interval, 7200 if dice.random() < 0.3 else interval) + gap)
    for _ in range(dice.randrange(3)):
        history.pauses.append(_stretch(dice, since, until))
    history.pauses = _apart(history.pauses)
    for _ in range(dice.randrange(4)):
        kind = dice.choice(["up", "down", "maintenance", "unknown"])
        history.corrections.append((*_stretch(dice, since, until), kind))
    return history


def _stretch(dice: random.Random, since: datetime, until: datetime) -> tuple[datetime, datetime]:
    length = (until - since).total_seconds()
    begin = since + timedelta(seconds=int(dice.uniform(0, length * 0.9)))
    return begin, begin + timedelta(seconds=int(dice.expovariate(1 / 4000)) + 1)


def _apart(stretches: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Leave out pauses that overlap others: a paused service is not paused again."""
    found: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(stretches):
        if not found or begin > found[-1][1]:
            found.append((begin, end))
    return found
