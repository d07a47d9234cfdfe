"""Thresholds and regions: tables of what a service shows after a series of results."""

import pytest

from app.domain.checks.service_states import RegionState, is_confirming, next_state, overall
from app.domain.types import Status

LETTERS = {
    "G": Status.GREEN,
    "Y": Status.YELLOW,
    "R": Status.RED,
    "U": Status.UNKNOWN,
    "P": Status.PENDING,
}


def shown(results: str, failure_threshold: int, recovery_threshold: int) -> str:
    state, out = RegionState(), ""
    for letter in results:
        state = next_state(state, LETTERS[letter], failure_threshold, recovery_threshold)
        out += state.status.value[0]
    return out


@pytest.mark.parametrize(
    ("results", "failures", "recoveries", "expected", "why"),
    [
        ("GRG", 1, 1, "GRG", "thresholds of one follow every result"),
        ("R", 1, 1, "R", "a first failure is an outage"),
        ("RRR", 3, 1, "PPR", "a new service waits for its threshold"),
        ("GRRR", 3, 1, "GGGR", "the status stays until the failure is confirmed"),
        ("GRRGRRR", 3, 1, "GGGGGGR", "a pass breaks the series"),
        ("RGG", 1, 2, "RRG", "recovery is confirmed as well"),
        ("RGRGG", 1, 2, "RRRRG", "a failure breaks the recovery"),
        ("RYG", 1, 2, "RRG", "a slow pass counts towards recovery"),
        ("RGY", 1, 2, "RRY", "and the status is that of the last pass"),
        ("GYG", 3, 3, "GYG", "slow is seen at once: thresholds are for failures"),
        ("GUG", 1, 1, "GUG", "blindness is shown as such"),
        ("GURRR", 3, 1, "GUPPR", "the first failure after blindness is not yet an outage"),
        ("RRURG", 3, 1, "PPURG", "blindness does not break a series"),
    ],
)
def test_status_after_a_series_of_results(results, failures, recoveries, expected, why):
    assert shown(results, failures, recoveries) == expected, why


def test_a_failure_below_its_threshold_is_being_confirmed():
    state = next_state(RegionState(Status.GREEN, 0, 5), Status.RED, 2, 1)
    assert is_confirming(state, Status.RED)
    assert not is_confirming(next_state(state, Status.RED, 2, 1), Status.RED)


def test_a_recovery_below_its_threshold_is_being_confirmed():
    state = next_state(RegionState(Status.RED, 5, 0), Status.GREEN, 1, 2)
    assert is_confirming(state, Status.GREEN)
    assert not is_confirming(next_state(state, Status.GREEN, 1, 2), Status.GREEN)


def test_blindness_confirms_nothing():
    assert not is_confirming(RegionState(Status.UNKNOWN, 1, 0), Status.UNKNOWN)


@pytest.mark.parametrize(
    ("regions", "quorum", "expected"),
    [
        ("P", "majority", "PENDING"),
        ("G", "majority", "GREEN"),
        ("R", "majority", "RED"),
        ("RGG", "majority", "YELLOW"),
        ("RRG", "majority", "RED"),
        ("RG", "majority", "YELLOW"),
        ("RG", "any", "RED"),
        ("RRG", "all", "YELLOW"),
        ("RRR", "all", "RED"),
        ("GPP", "majority", "GREEN"),
        ("RUU", "majority", "RED"),
        ("GUU", "all", "GREEN"),
        ("UU", "majority", "UNKNOWN"),
        ("UP", "majority", "UNKNOWN"),
        ("GY", "majority", "YELLOW"),
    ],
)
def test_overall(regions, quorum, expected):
    assert overall([LETTERS[letter] for letter in regions], quorum).value == expected
