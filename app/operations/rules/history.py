"""Histories of services as far as rules need them, read once for all rules of a batch."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from app.domain.rules import flapping
from app.domain.rules.evaluate import timed_tests
from app.domain.rules.history import History, Needs, Point, Streak, Window
from app.domain.rules.streaks import StreakSearch, carried_on
from app.domain.rules.types import Comparison
from app.domain.types import Status
from app.operations.metrics.measure import COUNTS
from app.operations.rules import points as rule_points
from app.operations.rules import windows as rule_windows
from app.operations.rules.streaks import StreakKey, Streaks
from app.operations.rules.windows import Ask
from app.operations.snapshots.alerting import Rule
from app.operations.snapshots.services import ServiceSnapshot
from app.platform.transaction import Transaction

_CHUNK = 2_000
_FIRST = flapping.CHECKS * 2
# Searching a day at 5 s reads 17,000 rows, once when a rule is made or edited. For very many
# services at once that waits for later checks; until then it is not known how long a test has held.
_SEARCHED_A_BATCH = 100_000

_RECENT = f"""
SELECT s.id, r.* FROM unnest(%s::uuid[], %s::integer[]) AS s (id, wanted)
CROSS JOIN LATERAL (
    SELECT {rule_points.COLUMNS}, id AS check_id, scheduled_for, region FROM check_results
    WHERE service_id = s.id AND {COUNTS}
    ORDER BY scheduled_for DESC, region DESC LIMIT s.wanted
) r
"""  # noqa: S608  constants
_OLDER = f"""
SELECT {rule_points.COLUMNS}, id, scheduled_for, region FROM check_results
WHERE service_id = %(service)s AND scheduled_for <= %(due)s
  AND (scheduled_for, region) < (%(due)s, %(region)s) AND {COUNTS}
ORDER BY scheduled_for DESC, region DESC LIMIT %(limit)s
"""  # noqa: S608  constants


class EvaluationContext(NamedTuple):
    """A rule that contexts at the history of a service after a check."""

    rule: Rule
    snapshot: ServiceSnapshot
    latest: Point
    check_id: UUID

    @property
    def service_id(self) -> UUID:
        """The service that was checked."""
        return self.snapshot.service_id


class _Place(NamedTuple):
    due: datetime
    region: str


@dataclass(slots=True)
class _Past:
    """The points of a service that count, newest first, as far as they were read."""

    points: list[Point]
    newest_check: UUID | None = None
    oldest: _Place | None = None
    is_whole: bool = False


class Histories:
    """The histories of a batch's services; nothing is read twice."""

    def __init__(self, tx: Transaction, streaks: Streaks, *, with_windows: bool = True) -> None:
        self._tx = tx
        self._with_windows = with_windows
        self._streaks = streaks
        self._pasts: dict[UUID, _Past] = {}
        self._windows: dict[Ask, Window] = {}
        self._carried: dict[tuple[UUID, UUID], dict[Comparison, Streak]] = {}
        self._searched = 0

    def read(self, contexts: Sequence[EvaluationContext]) -> None:
        """Read the latest results of all services at once, as many as their rules count."""
        wanted: dict[UUID, int] = {}
        for context in contexts:
            count = context.rule.needs.last_results
            if context.rule.needs.seconds and len(context.snapshot.regions) > 1:
                count = max(count, 1)  # another region may have recorded a newer one
            if count > wanted.get(context.service_id, 0):
                wanted[context.service_id] = count
        if not wanted:
            return
        self._pasts = {service_id: _Past([]) for service_id in wanted}
        snapshots = {context.service_id: context.snapshot for context in contexts}
        rows = self._tx.driver.execute(_RECENT, (list(wanted), list(wanted.values()))).fetchall()
        for service_id, *result in rows:
            _take(self._pasts[service_id], snapshots[service_id], result)
        for service_id, count in wanted.items():
            past = self._pasts[service_id]
            past.is_whole = len(past.points) < count

    def read_windows(self, contexts: Iterable[EvaluationContext]) -> None:
        """Read the windows of all rules at once."""
        asks = {ask for context in contexts for ask in _asks(context)} - self._windows.keys()
        if asks and self._with_windows:
            self._windows |= rule_windows.statistics(self._tx, list(asks))

    def history(self, context: EvaluationContext) -> History:
        """Return what a rule contexts at, as far as it has been read; streaks are carried on."""
        needs = context.rule.needs
        past = self._pasts.get(context.service_id)
        return History(
            context.latest,
            past.points[: needs.last_results] if past and needs.last_results else (),
            self.windows(context),
            self._carry_on(context) if needs.seconds else {},
        )

    def windows(self, context: EvaluationContext) -> dict[int, Window]:
        """Return the windows of a rule that have been read."""
        return {ask.minutes: self._windows[ask] for ask in _asks(context) if ask in self._windows}

    def read_statuses(self, contexts: Iterable[EvaluationContext]) -> None:
        """Read at once what `statuses` returns, of services of which nothing is known yet."""
        unread = {
            context.service_id: context.snapshot
            for context in contexts
            if context.service_id not in self._pasts
        }
        if not unread:
            return
        limits = [_FIRST] * len(unread)
        rows = self._tx.driver.execute(_RECENT, (list(unread), limits)).fetchall()
        self._pasts |= {service_id: _Past([]) for service_id in unread}
        for service_id, *result in rows:
            _take(self._pasts[service_id], unread[service_id], result)
        for service_id in unread:
            past = self._pasts[service_id]
            past.is_whole = len(past.points) < _FIRST

    def statuses(self, context: EvaluationContext) -> Sequence[Status]:
        """Return the statuses that decide about flapping, newest first."""
        return [point.status for point in self._points(context, flapping.CHECKS)][: flapping.CHECKS]

    def _carry_on(self, context: EvaluationContext) -> dict[Comparison, Streak]:
        carried = self._carried.get((context.service_id, context.rule.id))
        if carried is not None:
            return carried
        past = self._pasts.get(context.service_id)
        is_newest = len(context.snapshot.regions) == 1 or (
            past is not None and past.newest_check == context.check_id
        )
        result: dict[Comparison, Streak] = {}
        for place, test in enumerate(timed_tests(context.rule.condition)):
            key = StreakKey(context.service_id, context.rule.id, place)
            streak = None
            if is_newest:
                known = self._streaks.known(key, context.rule.version, context.snapshot.version)
                streak = carried_on(test, known, context.latest)
            if streak is None:
                streak = self._search(context, test)
            self._streaks.keep(key, streak, context.rule.version, context.snapshot.version)
            result[test] = streak
        self._carried[context.service_id, context.rule.id] = result
        return result

    def _search(self, context: EvaluationContext, test: Comparison) -> Streak:
        search = StreakSearch(test, context.latest.at)
        for point in self._all_points(context):
            search.add(point)
            if search.is_done:
                break
        return search.found(was_all=self._pasts[context.service_id].is_whole)

    def _all_points(self, context: EvaluationContext) -> Iterator[Point]:
        at = 0
        while True:
            points = self._points(context, at + 1)
            if at >= len(points):
                return
            yield from points[at:]
            at = len(points)

    def _points(self, context: EvaluationContext, count: int) -> list[Point]:
        """Return the points read so far, after reading on where they are fewer than that."""
        past = self._pasts.setdefault(context.service_id, _Past([]))
        if len(past.points) < count and not past.is_whole:
            self._read_on(context, past)
        return past.points

    def _read_on(self, context: EvaluationContext, past: _Past) -> None:
        if self._searched >= _SEARCHED_A_BATCH:
            return
        limit = _CHUNK if past.oldest else _FIRST
        if past.oldest is None:
            rows = self._tx.driver.execute(_RECENT, ([context.service_id], [limit])).fetchall()
            rows = [tuple(result) for _, *result in rows]
        else:
            values = {
                "service": context.service_id,
                "due": past.oldest.due,
                "region": past.oldest.region,
                "limit": limit,
            }
            rows = self._tx.driver.execute(_OLDER, values).fetchall()
        for row in rows:
            _take(past, context.snapshot, row)
        past.is_whole = len(rows) < limit
        self._searched += len(rows)


def _take(past: _Past, snapshot: ServiceSnapshot, row: Sequence[Any]) -> None:
    check_id, due, region = row[rule_points.WIDTH :]
    past.points.append(rule_points.point(snapshot.target.check_type, row))
    if past.oldest is None:
        past.newest_check = check_id
    past.oldest = _Place(due, region)


def _asks(context: EvaluationContext) -> Iterator[Ask]:
    needs: Needs = context.rule.needs
    for minutes in needs.windows_minutes:
        yield Ask(
            context.service_id,
            minutes,
            context.latest.at,
            timedelta(seconds=context.snapshot.check_interval_seconds),
            percentile=minutes in needs.percentiles_minutes,
        )
