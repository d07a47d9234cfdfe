"""The statistics of the last minutes, hours or days of services, without counting days each time.

Up to an hour is counted anew. Of a longer window each process remembers the counts of its settled
middle, whole steps that ended a while ago, moves them along, and counts only both ends: exact, but
for results recorded later than `_LATE` after they were due (the database was away), which the
middle may lack for at most `_KEPT`; and percentiles are within 1 %
(`app.domain.rules.window_counts`). A first count reads the roll-ups of hours and days where there
are any; a window that reaches back beyond the raw results begins on the hour.

Totals and failures count by the service's confirmed status, percentiles are of the same results as
everywhere (`TELLS`).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from app.domain.metrics.plan import DAY, HOUR, ceiling
from app.domain.metrics.plan import floor as floor_to
from app.domain.rules.history import Window
from app.domain.rules.window_counts import GROWTH, SHORTEST_MS, WindowCounts, summed
from app.operations.metrics import progress, read
from app.operations.metrics.measure import COUNTS, SETTLED, TELLS
from app.platform.bootstrap import runtime
from app.platform.transaction import Transaction

_EXACT_MINUTES = 60
_STEP = timedelta(minutes=10)
_LATE = timedelta(minutes=10)
_KEPT = timedelta(hours=24)
_AN_HOUR = timedelta(hours=1)
# Before the first roll-up a first count of 30 days at 5 s reads half a million rows: 0.1 s. More of
# them at once would hold up everything else; until its turn comes, a window is not known.
_FIRST_COUNTS = 5
_REMEMBERED = 20_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = datetime(9999, 1, 1, tzinfo=UTC)
_SLACK = timedelta(minutes=1)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Ask:
    """A window that is asked for: so many minutes up to a check of a service."""

    service_id: UUID
    minutes: int
    at: datetime
    lateness: timedelta  # a check may begin this long after it was due
    percentile: bool

    @property
    def begin(self) -> datetime:
        """The window is what lies after this moment."""
        return self.at - timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class _Middle:
    """The counts of what was due in whole steps."""

    begin: datetime
    end: datetime
    counts: WindowCounts
    counted_at: datetime
    begins_rolled: bool  # with a roll-up, of what was made from `begin` on, due before too


@dataclass(frozen=True, slots=True)
class _Range:
    """Range of results due from `begin` to before `end`, checked after `after`, before `before`."""

    ask: Ask
    begin: datetime
    end: datetime
    after: datetime = _EPOCH
    before: datetime = _END


_middles: dict[tuple[UUID, int, bool], _Middle] = {}

# LATERAL keeps PostgreSQL from planning over all partitions anew: 0.2 ms instead of 1 ms. OFFSET
# keeps it from making that a join, for which it may read every partition from end to end.
_SHORT = f"""
SELECT w.* FROM unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[])
    WITH ORDINALITY AS s (id, due, after, place)
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE {COUNTS}), count(*) FILTER (WHERE {COUNTS} AND {SETTLED} = 'RED'),
        percentile_disc(0.95) WITHIN GROUP (ORDER BY response_time_ms) FILTER (WHERE {TELLS})
    FROM check_results
    WHERE service_id = s.id AND scheduled_for > s.due AND checked_at > s.after
) w
ORDER BY s.place
"""  # noqa: S608  constants
_SUMS = f"""
SELECT s.place, CASE WHEN s.timed AND r.response_time_ms IS NOT NULL
        THEN floor(ln(greatest(r.response_time_ms, {SHORTEST_MS})::float8) / ln({GROWTH}::float8))
    END::integer AS bucket, count(*) FILTER (WHERE r.counts),
    count(*) FILTER (WHERE r.counts AND r.settled = 'RED'), count(*) FILTER (WHERE r.tells)
FROM unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
    %s::boolean[]) WITH ORDINALITY AS s (id, due, due_before, after, before, timed, place)
CROSS JOIN LATERAL (
    SELECT response_time_ms, {SETTLED} AS settled, {COUNTS} AS counts, {TELLS} AS tells
    FROM check_results
    WHERE service_id = s.id AND scheduled_for >= s.due AND scheduled_for < s.due_before
      AND checked_at > s.after AND checked_at < s.before
    OFFSET 0
) r
GROUP BY s.place, bucket ORDER BY s.place
"""  # noqa: S608  constants


def forget() -> None:
    """Forget what this process remembers, as a restart does."""
    _middles.clear()


def statistics(tx: Transaction, asks: Sequence[Ask]) -> dict[Ask, Window]:
    """Return the windows asked for; one is missing where its first count has to wait."""
    result: dict[Ask, Window] = {}
    short = [ask for ask in asks if ask.minutes <= _EXACT_MINUTES]
    if short:
        rows = tx.driver.execute(
            _SHORT,
            (
                [ask.service_id for ask in short],
                [ask.begin - ask.lateness - _SLACK for ask in short],
                [ask.begin for ask in short],
            ),
        ).fetchall()
        result |= {ask: Window(*row) for ask, row in zip(short, rows, strict=True)}
    long = [ask for ask in asks if ask.minutes > _EXACT_MINUTES]
    if long:
        result |= _long(tx, long)
    return result


def _long(tx: Transaction, asks: Sequence[Ask]) -> dict[Ask, Window]:
    raw_since = floor_to(tx.now(), DAY) - timedelta(days=runtime().config.raw_retention_days)
    middles = _moved(tx, asks, raw_since)
    known = [ask for ask in asks if ask in middles]
    heads = [_head(ask, middles[ask]) for ask in known]
    tails = [_Range(ask, middles[ask].end, _END) for ask in known]
    ends = _sums(tx, [*heads, *tails])
    nothing = WindowCounts()
    return {
        ask: middles[ask].counts.moved(head, nothing).moved(tail, nothing).window()
        for ask, head, tail in zip(known, ends, ends[len(known) :], strict=False)
    }


def _head(ask: Ask, middle: _Middle) -> _Range:
    """Return what of a window lies before its middle."""
    before = middle.begin if middle.begins_rolled else _END
    return _Range(ask, ask.begin - ask.lateness - _SLACK, middle.begin, ask.begin, before)


def _moved(tx: Transaction, asks: Sequence[Ask], raw_since: datetime) -> dict[Ask, _Middle]:
    """Return the middle of each window, moved along to where the window is now."""
    result: dict[Ask, _Middle] = {}
    moving: list[tuple[Ask, _Middle, datetime, datetime]] = []
    first_counts = 0
    if len(_middles) > _REMEMBERED:
        _middles.clear()
    for ask in asks:
        begin, end = _begin(ask, raw_since), _floor(ask.at - _LATE)
        known = _middles.get(_key(ask))
        # What leaves a middle cannot be taken away from it once its raw results are gone.
        is_stuck = known is not None and known.begin < min(begin, raw_since)
        is_fresh = known is not None and _is_fresh(known, ask, begin) and not is_stuck
        if not is_fresh and first_counts < _FIRST_COUNTS:
            first_counts += 1
            known = _first_count(tx, ask, begin, end, is_raw=begin >= raw_since)
            _middles[_key(ask)] = known
        elif known is not None and is_stuck:
            begin = known.begin  # until its turn comes
        if known is None or known.begin > known.end or begin > known.end:
            continue
        if begin > known.begin or end > known.end:
            moving.append((ask, known, max(begin, known.begin), max(end, known.end)))
        elif known.begin > ask.begin + _AN_HOUR:
            continue  # a result of long ago: its window has gone by
        result[ask] = known
    left = _sums(tx, [_Range(ask, known.begin, begin) for ask, known, begin, _ in moving])
    entered = _sums(tx, [_Range(ask, known.end, end) for ask, known, _, end in moving])
    for (ask, known, begin, end), out, new in zip(moving, left, entered, strict=True):
        # What left was taken away by when it was due.
        begins_rolled = known.begins_rolled and begin == known.begin
        counts = known.counts.moved(new, out)
        result[ask] = _Middle(begin, end, counts, known.counted_at, begins_rolled)
        _middles[_key(ask)] = result[ask]
    return result


def _begin(ask: Ask, raw_since: datetime) -> datetime:
    """Return where the middle of a window begins: on a step, on the hour where raw is gone."""
    step = _floor(ask.begin) + _STEP
    return step if step >= raw_since else ceiling(step, HOUR)


def _first_count(
    tx: Transaction, ask: Ask, begin: datetime, end: datetime, *, is_raw: bool
) -> _Middle:
    """Return the counts of what was due in a range, whole hours of it from the roll-ups.

    Roll-ups go by when a check was made, the range by when it was due: the hours lie so far within
    it that whatever was made in them was due in the range. Without raw results at its begin
    (`is_raw`) they begin there.
    """
    state = progress.read(tx)
    first = ceiling(begin + ask.lateness + _SLACK, HOUR) if is_raw else begin
    last = min(floor_to(end - _SLACK, HOUR), state.done_until) if state else first
    if first >= last:
        (counts,) = _sums(tx, [_Range(ask, begin, end)])
        return _Middle(begin, end, counts, ask.at, begins_rolled=False)
    parts = read.pieces(tx, first, last)
    rolled = read.read(tx, [ask.service_id], parts, with_histogram=ask.percentile)[ask.service_id]
    counts = WindowCounts(rolled.settled, rolled.settled_failed, rolled.histogram())
    before, after = _sums(
        tx,
        [
            _Range(ask, begin, first + _SLACK, before=first),
            _Range(ask, last - ask.lateness - _SLACK, end, after=last - _MICROSECOND),
        ],
    )
    nothing = WindowCounts()
    counts = counts.moved(before, nothing).moved(after, nothing)
    return _Middle(begin, end, counts, ask.at, begins_rolled=not is_raw)


def _key(ask: Ask) -> tuple[UUID, int, bool]:
    return ask.service_id, ask.minutes, ask.percentile


def _is_fresh(known: _Middle, ask: Ask, begin: datetime) -> bool:
    return abs(ask.at - known.counted_at) < _KEPT and begin <= known.end


def _floor(at: datetime) -> datetime:
    return at - (at - _EPOCH) % _STEP


def _sums(tx: Transaction, ranges: Sequence[_Range]) -> list[WindowCounts]:
    """Return the counts of each range, in their order."""
    if not ranges:
        return []
    rows = tx.driver.execute(
        _SUMS,
        (
            [one.ask.service_id for one in ranges],
            [one.begin for one in ranges],
            [one.end for one in ranges],
            [one.after for one in ranges],
            [one.before for one in ranges],
            [one.ask.percentile for one in ranges],
        ),
    ).fetchall()
    by_place: dict[int, WindowCounts] = defaultdict(WindowCounts)
    for place, group in groupby(rows, key=itemgetter(0)):
        by_place[place] = summed(row[1:] for row in group)
    return [by_place[place] for place in range(1, len(ranges) + 1)]
