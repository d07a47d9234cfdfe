"""Which edges of maintenance windows are announced, and when."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.maintenance.starts_and_ends import evaluate
from app.domain.maintenance.windows import parse


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=UTC)


ONCE = {"starts_at": utc("02T02:00"), "ends_at": utc("02T03:00")}
DAILY = {"starts_at": utc("01T02:00"), "recurrence": "FREQ=DAILY", "duration_minutes": 60}
LONG = {"starts_at": utc("02T02:00"), "ends_at": utc("09T02:00")}
SHORT = {"starts_at": utc("02T02:00"), "ends_at": utc("02T02:01")}
WITHOUT_BREAK = {
    "starts_at": utc("02T02:00"),
    "recurrence": "FREQ=DAILY;COUNT=3",
    "duration_minutes": 24 * 60,
}


@pytest.mark.parametrize(
    ("window", "since", "now", "is_announced", "transition", "next_at", "why"),
    [
        (ONCE, "01T00:00", "01T00:00", False, None, "02T02:00", "long before"),
        (ONCE, "02T02:00", "02T02:00", False, "start 02T02:00", "02T03:00", "on time"),
        (ONCE, "02T02:00", "02T02:10", False, "start 02T02:00", "02T03:00", "a bit late"),
        (ONCE, "02T02:30", "02T02:30", False, "start 02T02:00", "02T03:00", "made while on"),
        (ONCE, "02T02:30", "02T02:30", True, None, "02T03:00", "edited, still on"),
        (ONCE, "02T03:00", "02T03:00", True, "end 02T03:00", None, "at its end"),
        (ONCE, "02T03:00", "02T03:00", False, None, None, "its beginning was not told"),
        (ONCE, "02T02:00", "02T08:00", False, None, None, "over for hours"),
        (ONCE, "02T02:00", "02T03:50", False, None, None, "begun too long ago, and over"),
        (ONCE, "02T03:00", "05T00:00", True, "end 02T03:00", None, "an end however late"),
        (LONG, "02T02:00", "05T00:00", False, "start 02T02:00", "09T02:00", "still on"),
        (SHORT, "02T02:00", "02T02:09", False, "start 02T02:00", "02T02:01", "between two ticks"),
        (ONCE, "01T00:00", "01T00:00", True, "end 01T00:00", "02T02:00", "moved away while on"),
        (DAILY, "03T02:00", "03T02:00", False, "start 03T02:00", "03T03:00", "it recurs"),
        (DAILY, "03T03:00", "03T03:00", True, "end 03T03:00", "04T02:00", "and ends"),
        (DAILY, "02T02:00", "05T12:00", False, None, "06T02:00", "days of a stop of ours"),
        (DAILY, "02T03:00", "05T12:00", True, "end 02T03:00", "06T02:00", "the same, told"),
        (WITHOUT_BREAK, "03T02:00", "03T02:00", True, None, "04T02:00", "one goes into the next"),
        (WITHOUT_BREAK, "05T02:00", "05T02:00", True, "end 05T02:00", None, "up to the last"),
    ],
)
def test_what_is_announced(window, since, now, is_announced, transition, next_at, why):
    found = evaluate(parse(**window), utc(since), utc(now), is_announced=is_announced)
    told = None
    if found.transition is not None:
        told = f"{'start' if found.transition.occurrence else 'end'} {found.transition.at:%dT%H:%M}"
    assert told == transition, why
    assert found.next_at == (utc(next_at) if next_at else None), why


def test_ended_by_hand():
    window = parse(**LONG, ended_at=utc("03T12:00"))
    found = evaluate(window, utc("03T12:00"), utc("03T12:00"), is_announced=True)
    assert found.transition is not None
    assert (found.transition.at, found.transition.occurrence, found.next_at) == (
        utc("03T12:00"),
        None,
        None,
    )


def test_a_walk_through_a_hundred_days_tells_every_edge_once():
    window = parse(**DAILY)
    at, is_announced, edges = utc("01T00:00"), False, []
    for _ in range(201):
        found = evaluate(window, at, at, is_announced=is_announced)
        if found.transition is not None:
            edges.append(found.transition)
            is_announced = found.transition.occurrence is not None
        assert found.next_at is not None
        assert found.next_at > at
        at = found.next_at
    assert [transition.occurrence is not None for transition in edges] == [True, False] * (
        len(edges) // 2
    )
    assert edges[2].at - edges[0].at == timedelta(days=1)
