"""As much of services' stored history as rules look at, read once for all rules of a batch."""

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
from app.operations.snapshots.services import Definition
from app.platform.transaction import Transaction

_CHUNK = 2_000
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


class Look(NamedTuple):
    """A rule that looks at the history of a service after a check."""

    rule: Rule
    definition: Definition
    latest: Point
    check_id: UUID

    @property
    def service_id(self) -> UUID:
        """The service that was checked."""
        return self.definition.service_id


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

    def read(self, looks: Sequence[Look]) -> None:
        """Read the latest results of all services at once, as many as their rules count."""
        wanted: dict[UUID, int] = {}
        for look in looks:
            count = look.rule.needs.last_results
            if look.rule.needs.seconds and len(look.definition.regions) > 1:
                count = max(count, 1)  # another region may have recorded a newer one
            if count > wanted.get(look.service_id, 0):
                wanted[look.service_id] = count
        if not wanted:
            return
        self._pasts = {service_id: _Past([]) for service_id in wanted}
        definitions = {look.service_id: look.definition for look in looks}
        rows = self._tx.driver.execute(_RECENT, (list(wanted), list(wanted.values()))).fetchall()
        for row in rows:
            _take(self._pasts[row[0]], definitions[row[0]], row[1:])
        for service_id, count in wanted.items():
            past = self._pasts[service_id]
            past.is_whole = len(past.points) < count

    def read_windows(self, looks: Iterable[Look]) -> None:
        """Read the windows of all rules at once."""
        asks = {ask for look in looks for ask in _asks(look)} - self._windows.keys()
        if asks and self._with_windows:
            self._windows |= rule_windows.statistics(self._tx, list(asks))

    def history(self, look: Look) -> History:
        """Return what a rule looks at, as far as it has been read; streaks are carried on."""
        needs = look.rule.needs
        past = self._pasts.get(look.service_id)
        return History(
            look.latest,
            past.points[: needs.last_results] if past and needs.last_results else (),
            self.windows(look),
            self._carry_on(look) if needs.seconds else {},
        )

    def windows(self, look: Look) -> dict[int, Window]:
        """Return the windows of a rule that have been read."""
        return {ask.minutes: self._windows[ask] for ask in _asks(look) if ask in self._windows}

    def colours(self, look: Look) -> Sequence[Status]:
        """Return the colours that decide about flapping, newest first."""
        return [point.status for point in self._points(look, flapping.CHECKS)][: flapping.CHECKS]

    def _carry_on(self, look: Look) -> dict[Comparison, Streak]:
        carried = self._carried.get((look.service_id, look.rule.id))
        if carried is not None:
            return carried
        past = self._pasts.get(look.service_id)
        is_newest = len(look.definition.regions) == 1 or (
            past is not None and past.newest_check == look.check_id
        )
        found: dict[Comparison, Streak] = {}
        for place, test in enumerate(timed_tests(look.rule.condition)):
            key = StreakKey(look.service_id, look.rule.id, place)
            streak = None
            if is_newest:
                known = self._streaks.known(key, look.rule.version, look.definition.version)
                streak = carried_on(test, known, look.latest)
            if streak is None:
                streak = self._search(look, test)
            self._streaks.keep(key, streak, look.rule.version, look.definition.version)
            found[test] = streak
        self._carried[look.service_id, look.rule.id] = found
        return found

    def _search(self, look: Look, test: Comparison) -> Streak:
        search = StreakSearch(test, look.latest.at)
        for point in self._all_points(look):
            search.add(point)
            if search.is_done:
                break
        return search.found(was_all=self._pasts[look.service_id].is_whole)

    def _all_points(self, look: Look) -> Iterator[Point]:
        at = 0
        while True:
            points = self._points(look, at + 1)
            if at >= len(points):
                return
            yield from points[at:]
            at = len(points)

    def _points(self, look: Look, count: int) -> list[Point]:
        """Return the points read so far, after reading on where they are fewer than that."""
        past = self._pasts.setdefault(look.service_id, _Past([]))
        if len(past.points) < count and not past.is_whole:
            self._read_on(look, past)
        return past.points

    def _read_on(self, look: Look, past: _Past) -> None:
        if self._searched >= _SEARCHED_A_BATCH:
            return
        limit = _CHUNK if past.oldest else flapping.CHECKS * 2
        if past.oldest is None:
            rows = self._tx.driver.execute(_RECENT, ([look.service_id], [limit])).fetchall()
            rows = [row[1:] for row in rows]
        else:
            values = {
                "service": look.service_id,
                "due": past.oldest.due,
                "region": past.oldest.region,
                "limit": limit,
            }
            rows = self._tx.driver.execute(_OLDER, values).fetchall()
        for row in rows:
            _take(past, look.definition, row)
        past.is_whole = len(rows) < limit
        self._searched += len(rows)


def _take(past: _Past, definition: Definition, row: tuple[Any, ...]) -> None:
    check_id, due, region = row[rule_points.WIDTH :]
    past.points.append(rule_points.point(definition.target.check_type, row))
    if past.oldest is None:
        past.newest_check = check_id
    past.oldest = _Place(due, region)


def _asks(look: Look) -> Iterator[Ask]:
    needs: Needs = look.rule.needs
    for minutes in needs.windows_minutes:
        yield Ask(
            look.service_id,
            minutes,
            look.latest.at,
            timedelta(seconds=look.definition.check_interval_seconds),
            percentile=minutes in needs.percentiles_minutes,
        )
