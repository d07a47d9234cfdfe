"""The status of a service as a function of time, made of its results: what uptime is measured on.

Times are whole milliseconds since 1970, so that the parts of a window add up to it exactly.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MARK = struct.Struct(">iB")


def milliseconds(at: datetime) -> int:
    """Return a time as whole milliseconds since 1970, cut."""
    return (at - _EPOCH) // _MILLISECOND


def moment(at: int) -> datetime:
    """Return the time of so many milliseconds since 1970."""
    return _EPOCH + at * _MILLISECOND


class SpanKind(StrEnum):
    """Kind of a stretch of time. Only UP and DOWN count for uptime."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"  # nobody looked, or the monitor itself could not tell
    MAINTENANCE = "maintenance"
    PAUSED = "paused"
    PENDING = "pending"  # never checked yet, or not yet confirmed


KINDS = tuple(SpanKind)  # their places are stored: only ever add at the end
_PLACES = {kind: place for place, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Run:
    """Results that followed one another in time and said the same."""

    begin: int
    kind: SpanKind
    covered_until: int  # for how long the last of them speaks, unless another result comes


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that is of one kind."""

    begin: int
    end: int
    kind: SpanKind


@dataclass(frozen=True, slots=True)
class StatusLine:
    """The status of one service from `begin` to before `end`, without gaps.

    A mark says from when on what is known; the first is at `begin`, neighbours differ.
    """

    begin: int
    end: int
    marks: tuple[tuple[int, SpanKind], ...]

    def spans(self) -> Iterator[Span]:
        """Yield the stretches of the line, oldest first."""
        for (begin, kind), (end, _) in pairwise((*self.marks, (self.end, SpanKind.UNKNOWN))):
            yield Span(begin, end, kind)

    def clipped(self, begin: int, end: int) -> "StatusLine":
        """Return the part of the line within a window, which must touch it."""
        begin, end = max(begin, self.begin), min(end, self.end)
        return _line(begin, end, self.spans())

    def overlaid(self, spans: Iterable[Span]) -> "StatusLine":
        """Return the line with stretches laid on top of it, later ones on earlier ones."""
        laid = tuple(spans)
        if not laid:
            return self
        lying = list(self.spans())
        for over in laid:
            begin, end = max(over.begin, self.begin), min(over.end, self.end)
            if begin < end:
                lying = [*_before(lying, begin), Span(begin, end, over.kind), *_after(lying, end)]
        return _line(self.begin, self.end, lying)

    def packed(self) -> bytes:
        """Return the marks as bytes: offset from `begin` in milliseconds (int32), kind (uint8)."""
        return b"".join(_MARK.pack(at - self.begin, _PLACES[kind]) for at, kind in self.marks)


def unpacked(begin: int, end: int, data: bytes) -> StatusLine:
    """Return the line that was packed."""
    marks = tuple((begin + at, KINDS[place]) for at, place in _MARK.iter_unpack(data))
    return StatusLine(begin, end, marks)


def status_line(
    begin: int, end: int, runs: Sequence[Run], *, seen_before: bool, paused: Iterable[Span] = ()
) -> StatusLine:
    """Return the line of a window from the runs of results in it, oldest first.

    The first run may be what was known before the window. `seen_before` says whether there was a
    result ever before the first run: time without knowledge is pending until the first result, and
    unknown afterwards.
    """
    spans = []
    cursor, blank = begin, SpanKind.UNKNOWN if seen_before else SpanKind.PENDING
    for run, following in pairwise((*runs, None)):
        assert run is not None
        if run.begin > cursor:
            spans.append(Span(cursor, min(run.begin, end), blank))
        stop = min(run.covered_until, end, following.begin if following else end)
        cursor = max(cursor, run.begin, stop)
        spans.append(Span(max(run.begin, begin), stop, run.kind))
        blank = SpanKind.UNKNOWN
    spans.append(Span(cursor, end, blank))
    return _line(begin, end, spans).overlaid(paused)


def _line(begin: int, end: int, spans: Iterable[Span]) -> StatusLine:
    marks: list[tuple[int, SpanKind]] = []
    for span in spans:
        if min(span.end, end) <= max(span.begin, begin):
            continue
        if not marks or marks[-1][1] is not span.kind:
            marks.append((max(span.begin, begin), span.kind))
    return StatusLine(begin, end, tuple(marks))


def _before(spans: Iterable[Span], at: int) -> Iterator[Span]:
    return (Span(span.begin, min(span.end, at), span.kind) for span in spans if span.begin < at)


def _after(spans: Iterable[Span], at: int) -> Iterator[Span]:
    return (Span(max(span.begin, at), span.end, span.kind) for span in spans if span.end > at)
