import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.rules import flapping
from app.domain.types import Status

LETTERS = {"G": "GREEN", "Y": "YELLOW", "R": "RED", "U": "UNKNOWN", "P": "PENDING"}


def newest_first(letters: str) -> list[Status]:
    return [Status(LETTERS[letter]) for letter in reversed(letters)]


# The manual's example: changes at t3, t4, t5, t9, t12, t16 and t19 of 20 possible ones.
MANUAL = "GGG" + "R" + "G" + "RRRR" + "GGG" + "RRRR" + "GGG" + "RR"


def test_the_manuals_example_weighs_seven_changes_of_twenty():
    assert len(MANUAL) == flapping.CHECKS
    weights = [0.8 + (t - 1) * 0.4 / 19 for t in (3, 4, 5, 9, 12, 16, 19)]
    expected = 100 * sum(weights) / 20
    assert flapping.percent_state_change(newest_first(MANUAL)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("letters", "percent", "why"),
    [
        ("", 0, "nothing is known"),
        ("R", 0, "one result has not changed"),
        ("G" * 21, 0, "never changes"),
        ("GR" * 11, 100, "changes every time"),
        ("RG" + "G" * 19, 4, "the oldest change weighs 0.8 of 20"),
        ("G" * 20 + "R", 6, "the newest weighs 1.2, half as much again"),
        ("R" + "G" * 21, 0, "a change before the 21 results is forgotten"),
        ("G" * 20 + "Y", 0, "slow and fast are both up"),
        ("GU" * 10 + "G", 0, "blindness is no change"),
        ("GPUR", 6, "nor what stands between"),
    ],
)
def test_percent_state_change(letters, percent, why):
    assert flapping.percent_state_change(newest_first(letters)) == pytest.approx(percent), why


def test_a_rule_on_yellow_counts_yellow():
    hovering = newest_first("GY" * 11)
    assert flapping.percent_state_change(hovering, (Status.RED, Status.YELLOW)) == 100


@pytest.mark.parametrize(
    ("letters", "was", "now", "why"),
    [
        ("G" * 15 + "RGRGR", False, False, "29 %: below the high threshold"),
        ("G" * 15 + "RGRGR", True, True, "29 %: above the low one"),
        ("G" * 15 + "RGRGRG", False, True, "34 %: flapping"),
        ("G" * 16 + "RGRG", True, False, "23 %: calm again"),
        ("G" * 21, False, False, "calm"),
        ("G" * 21, True, False, "calm again at once"),
    ],
)
def test_hysteresis(letters, was, now, why):
    evaluated = flapping.evaluate(newest_first(letters), was_flapping=was)
    assert evaluated.is_flapping is now, why
    assert evaluated.has_started is (now and not was)
    assert evaluated.has_stopped is (was and not now)


@given(st.lists(st.sampled_from(Status), max_size=60), st.booleans())
def test_the_percentage_is_one(statuses, was):
    evaluated = flapping.evaluate(statuses, was_flapping=was)
    assert -1e-9 <= evaluated.percent <= 100 + 1e-9
    assert not (evaluated.has_started and evaluated.has_stopped)
