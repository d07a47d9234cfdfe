"""Which changes of status are told."""

import pytest

from app.domain.delivery.status_announcements import Hold, evaluate, flaps, severity
from app.domain.types import Status

PENDING, GREEN, YELLOW, RED, UNKNOWN = (
    Status.PENDING,
    Status.GREEN,
    Status.YELLOW,
    Status.RED,
    Status.UNKNOWN,
)
CALM = {"in_maintenance": False, "is_flapping": False}


@pytest.mark.parametrize(
    ("before", "after", "hold", "told", "was", "why"),
    [
        (GREEN, RED, None, True, GREEN, "an outage"),
        (RED, GREEN, None, True, RED, "its end"),
        (GREEN, YELLOW, None, True, GREEN, "slow"),
        (PENDING, GREEN, None, False, None, "a new service is well"),
        (PENDING, RED, None, True, None, "a new service is not"),
        (PENDING, YELLOW, None, True, None, "or is slow"),
        (UNKNOWN, GREEN, None, False, None, "nobody had heard anything else"),
        (UNKNOWN, GREEN, Hold(GREEN, False), False, GREEN, "we were blind for a while"),
        (UNKNOWN, RED, Hold(GREEN, False), True, GREEN, "it failed meanwhile"),
        (UNKNOWN, GREEN, Hold(RED, False), True, RED, "it recovered meanwhile"),
        (PENDING, RED, Hold(GREEN, False), True, GREEN, "confirmed after blindness"),
        (UNKNOWN, GREEN, Hold(PENDING, False), False, None, "blind from its first check on"),
        (RED, GREEN, Hold(GREEN, True), False, GREEN, "flapped and is as it was told"),
    ],
)
def test_news_is_what_differs_from_what_was_told(before, after, hold, told, was, why):
    found = evaluate(before, after, hold, **CALM)
    assert (found.is_told, found.from_status, found.hold) == (told, was, None), why


@pytest.mark.parametrize(
    "how", [{"in_maintenance": True, "is_flapping": False}, CALM | {"is_flapping": True}]
)
def test_what_is_withheld_is_remembered(how):
    first = evaluate(GREEN, RED, None, **how)
    assert (first.is_told, first.hold) == (False, Hold(GREEN, how["is_flapping"]))
    second = evaluate(RED, YELLOW, first.hold, **how)
    assert second.hold == first.hold, "what was told last, not what came between"
    assert evaluate(RED, RED, first.hold, **CALM).is_told, "it outlasted the reason"
    assert not evaluate(YELLOW, GREEN, first.hold, **CALM).is_told, "nothing has changed after all"


@pytest.mark.parametrize("blind", [UNKNOWN, PENDING])
def test_that_we_cannot_tell_is_no_news(blind):
    found = evaluate(RED, blind, None, **CALM)
    assert (found.is_told, found.hold) == (False, Hold(RED, False))


@pytest.mark.parametrize(
    ("changes", "was_flapping", "expected"),
    [(0, False, False), (5, False, False), (6, False, True), (5, True, True), (4, True, False)],
)
def test_flapping_begins_at_thirty_percent_and_ends_below_twenty_five(
    changes, was_flapping, expected
):
    assert flaps(changes, was_flapping=was_flapping) is expected


def test_severities():
    assert [severity(status) for status in (RED, YELLOW, GREEN)] == ["critical", "warning", "info"]
