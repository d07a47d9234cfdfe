"""Lines of statuses, and what they add up to however they are cut."""

import random
from itertools import pairwise

import pytest

from app.domain.metrics.status_line import Run, Span, SpanKind, StatusLine, status_line, unpacked
from app.domain.metrics.totals import Totals, percentage, totals

UP, DOWN, UNKNOWN, PENDING = SpanKind.UP, SpanKind.DOWN, SpanKind.UNKNOWN, SpanKind.PENDING
PAUSED, MAINTENANCE = SpanKind.PAUSED, SpanKind.MAINTENANCE


def written(line: StatusLine) -> list[tuple[int, int, str]]:
    return [(span.begin, span.end, span.kind.value) for span in line.spans()]


def test_before_the_first_result_it_is_pending_and_beyond_the_cover_unknown():
    line = status_line(0, 100, [Run(10, UP, 40), Run(60, DOWN, 70)], seen_before=False)
    assert written(line) == [
        (0, 10, "pending"),
        (10, 40, "up"),
        (40, 60, "unknown"),
        (60, 70, "down"),
        (70, 100, "unknown"),
    ]


def test_what_was_known_before_the_window_reaches_into_it():
    runs = [Run(-50, DOWN, 20), Run(15, UP, 500)]
    assert written(status_line(0, 100, runs, seen_before=True)) == [
        (0, 15, "down"),
        (15, 100, "up"),
    ]
    assert written(status_line(0, 100, [Run(-50, UP, -10)], seen_before=False)) == [
        (0, 100, "unknown")
    ]
    assert written(status_line(0, 100, [], seen_before=True)) == [(0, 100, "unknown")]
    assert written(status_line(0, 100, [], seen_before=False)) == [(0, 100, "pending")]


def test_pauses_and_corrections_lie_on_top_the_later_ones_higher():
    runs = [Run(0, DOWN, 1000)]
    line = status_line(0, 100, runs, seen_before=True, paused=[Span(40, 60, PAUSED)])
    assert written(line) == [(0, 40, "down"), (40, 60, "paused"), (60, 100, "down")]
    assert written(line.overlaid([Span(30, 50, UP), Span(45, 300, MAINTENANCE)])) == [
        (0, 30, "down"),
        (30, 45, "up"),
        (45, 100, "maintenance"),
    ]
    assert line.overlaid([Span(200, 300, UP), Span(-5, 0, UP)]) == line


def test_a_line_is_stored_and_read_again():
    line = status_line(7, 107, [Run(10, UP, 40), Run(60, DOWN, 70)], seen_before=False)
    assert unpacked(7, 107, line.packed()) == line


def test_an_outage_lasts_until_the_service_is_seen_up():
    spans = [Span(0, 10, UP), Span(10, 20, DOWN), Span(20, 30, MAINTENANCE), Span(30, 35, DOWN)]
    spans += [Span(35, 50, UNKNOWN), Span(50, 60, UP), Span(60, 61, DOWN)]
    found = totals(StatusLine(0, 61, tuple((span.begin, span.kind) for span in spans)))
    assert (found.outages, found.longest_outage_ms, found.down_ms) == (2, 15, 16)


def random_line(dice: random.Random, length: int) -> StatusLine:
    runs = []
    at = dice.randrange(-20, 20)
    while at < length:
        runs.append(Run(at, dice.choice(list(SpanKind)), at + dice.randrange(1, 40)))
        at += dice.randrange(1, 30)
    return status_line(0, length, runs, seen_before=dice.random() < 0.5)


@pytest.mark.parametrize("seed", range(50))
def test_totals_do_not_depend_on_how_the_time_is_cut(seed):
    dice = random.Random(seed)
    line = random_line(dice, 500)
    cuts = sorted({0, 500, *(dice.randrange(500) for _ in range(dice.randrange(12)))})
    added = Totals()
    for begin, end in pairwise(cuts):
        part = totals(line.clipped(begin, end))
        assert part.length_ms == end - begin
        added += part
    assert added == totals(line)


def test_totals_are_those_of_single_milliseconds():
    line = random_line(random.Random(1), 300)
    kinds = []
    for span in line.spans():
        kinds += [span.kind] * (span.end - span.begin)
    found = totals(line)
    assert (found.up_ms, found.down_ms) == (kinds.count(UP), kinds.count(DOWN))
    outages = [
        part.count("d")
        for part in "".join({UP: "u", DOWN: "d"}.get(kind, "") for kind in kinds).split("u")
        if part
    ]
    assert (found.outages, found.longest_outage_ms) == (len(outages), max(outages))


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        (0, 0, None),
        (1, 0, 100.0),
        (0, 5, 0.0),
        (10_000_000, 1, 99.99),
        (1, 10_000_000, 0.01),
        (99_995, 5, 99.99),  # 99.995 would be 100
        (1, 19_999, 0.01),  # 0.005 would be 0
        (7, 2, 77.78),
        (99_985, 15, 99.98),  # 99.985: half to even
        (99_975, 25, 99.98),
    ],
)
def test_percentage(good, bad, expected):
    assert percentage(good, bad) == expected


def test_time_without_any_record_is_pending():
    assert Totals(up_ms=10).filled(25) == Totals(up_ms=10, pending_ms=15)
