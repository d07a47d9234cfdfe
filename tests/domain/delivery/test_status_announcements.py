"""Which changes of status are announced."""

import pytest

from app.domain.delivery.status_announcements import WithheldChange, evaluate, flaps, severity
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
    ("before", "after", "withheld", "announced", "was", "why"),
    [
        (GREEN, RED, None, True, GREEN, "an outage"),
        (RED, GREEN, None, True, RED, "its end"),
        (GREEN, YELLOW, None, True, GREEN, "slow"),
        (PENDING, GREEN, None, False, None, "a new service is well"),
        (PENDING, RED, None, True, None, "a new service is not"),
        (PENDING, YELLOW, None, True, None, "or is slow"),
        (UNKNOWN, GREEN, None, False, None, "nobody had heard anything else"),
        (UNKNOWN, GREEN, WithheldChange(GREEN, False), False, GREEN, "we were blind for a while"),
        (UNKNOWN, RED, WithheldChange(GREEN, False), True, GREEN, "it failed meanwhile"),
        (UNKNOWN, GREEN, WithheldChange(RED, False), True, RED, "it recovered meanwhile"),
        (PENDING, RED, WithheldChange(GREEN, False), True, GREEN, "confirmed after blindness"),
        (
            UNKNOWN,
            GREEN,
            WithheldChange(PENDING, False),
            False,
            None,
            "blind from its first check on",
        ),
        (
            RED,
            GREEN,
            WithheldChange(GREEN, True),
            False,
            GREEN,
            "flapped and is as it was announced",
        ),
    ],
)
def test_news_is_what_differs_from_what_was_told(before, after, withheld, announced, was, why):
    found = evaluate(before, after, withheld, **CALM)
    assert (found.is_announced, found.from_status, found.withheld) == (announced, was, None), why


@pytest.mark.parametrize(
    "how", [{"in_maintenance": True, "is_flapping": False}, CALM | {"is_flapping": True}]
)
def test_what_is_withheld_is_remembered(how):
    first = evaluate(GREEN, RED, None, **how)
    assert (first.is_announced, first.withheld) == (
        False,
        WithheldChange(GREEN, how["is_flapping"]),
    )
    second = evaluate(RED, YELLOW, first.withheld, **how)
    assert second.withheld == first.withheld, "what was announced last, not what came between"
    assert evaluate(RED, RED, first.withheld, **CALM).is_announced, "it outlasted the reason"
    assert not evaluate(YELLOW, GREEN, first.withheld, **CALM).is_announced, (
        "nothing has changed after all"
    )


@pytest.mark.parametrize("blind", [UNKNOWN, PENDING])
def test_that_we_cannot_tell_is_no_news(blind):
    found = evaluate(RED, blind, None, **CALM)
    assert (found.is_announced, found.withheld) == (False, WithheldChange(RED, False))


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
