import math
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.rules import conditions
from app.domain.rules.types import (
    MAX_DEPTH,
    MAX_EXPRESSION,
    AllOf,
    AnyOf,
    AtLeast,
    Comparison,
    ConditionError,
    ForChecks,
    ForSeconds,
    Metric,
    Not,
    NotGreen,
    Operator,
)
from tests.domain.written_conditions import as_json

SLOW = {"metric": "response_time_ms", "operator": ">", "value": 800}
RED = {"metric": "status", "operator": "in", "value": ["RED"]}
UPTIME = {"metric": "uptime_percentage", "operator": "<", "value": 99.9, "window_minutes": 60}
BURN = {
    "metric": "slo_burn_rate",
    "operator": ">",
    "value": 14.4,
    "slo_target": 99.9,
    "window_minutes": 60,
    "short_window_minutes": 5,
}


def test_the_samples_of_the_contract_are_read():
    assert conditions.parse({}) == NotGreen()
    assert conditions.parse({**SLOW, "at_least": 3, "of_last": 5}) == Comparison(
        Metric.RESPONSE_TIME_MS, Operator.GREATER, 800, AtLeast(3, 5)
    )
    assert conditions.parse({**RED, "for_seconds": 120}) == Comparison(
        Metric.STATUS, Operator.IN, ("RED",), ForSeconds(120)
    )
    assert conditions.parse(UPTIME) == Comparison(
        Metric.UPTIME_PERCENTAGE, Operator.LESS, 99.9, window_minutes=60
    )
    assert conditions.parse({**RED, "for_checks": 2}).qualifier == ForChecks(2)


@pytest.mark.parametrize(
    "source",
    [
        {},
        SLOW,
        {**SLOW, "at_least": 3, "of_last": 5},
        {**RED, "for_seconds": 120},
        {**RED, "for_checks": 3},
        UPTIME,
        BURN,
        {"metric": "error_rate", "operator": ">=", "value": 5, "window_minutes": 10},
        {"metric": "p95_response_time_ms", "operator": ">", "value": 5, "window_minutes": 10},
        {"metric": "error", "operator": "matches", "value": "time(d )?out"},
        {"metric": "status_code", "operator": "in", "value": [500, 502]},
        {"metric": "dns_resolved", "operator": "==", "value": False},
        {"metric": "body", "operator": "contains", "value": "ok"},
        {"all": [RED, {"any": [SLOW, {"not": UPTIME}]}]},
        {"any": [{}, SLOW]},
    ],
)
def test_what_is_read_can_be_written_again(source):
    assert as_json(conditions.parse(source)) == source


@pytest.mark.parametrize(
    ("source", "place", "part"),
    [
        (None, (), "object or an expression"),
        ([SLOW], (), "object or an expression"),
        (7, (), "object or an expression"),
        ({"metric": "latency", "operator": ">", "value": 1}, ("metric",), "response_time_ms"),
        ({"operator": ">", "value": 1}, ("metric",), "choose one of"),
        ({**SLOW, "metric": ["status"]}, ("metric",), "choose one of"),
        ({**SLOW, "operator": "=>"}, ("operator",), "choose one of"),
        ({**SLOW, "operator": "contains"}, ("operator",), "is compared with"),
        ({**RED, "operator": ">"}, ("operator",), "is compared with"),
        ({**BURN, "operator": "<"}, ("operator",), "is compared with >, >="),
        ({"metric": "status", "operator": "=="}, ("value",), "compare with"),
        ({**SLOW, "value": "800"}, ("value",), "a number"),
        ({**SLOW, "value": True}, ("value",), "a number"),
        ({**SLOW, "value": None}, ("value",), "a number"),
        ({**SLOW, "value": math.nan}, ("value",), "out of range"),
        ({**SLOW, "value": math.inf}, ("value",), "out of range"),
        ({**SLOW, "value": 10**400}, ("value",), "out of range"),
        ({**RED, "value": []}, ("value",), "a list"),
        ({**RED, "value": "RED"}, ("value",), "a list"),
        ({**RED, "value": ["RED", "UNKNOWN"]}, ("value", 1), "never count"),
        ({**RED, "value": [{}]}, ("value", 0), "choose one of"),
        ({**RED, "value": ["RED"] * 101}, ("value",), "at most 100"),
        ({**SLOW, "colour": 1}, ("colour",), "no field"),
        ({**SLOW, "for_checks": 0}, ("for_checks",), "from 1"),
        ({**SLOW, "for_checks": 2.5}, ("for_checks",), "whole number"),
        ({**SLOW, "for_seconds": 90_000}, ("for_seconds",), "to 86400"),
        ({**SLOW, "at_least": 3}, ("at_least",), "go together"),
        ({**SLOW, "of_last": 3}, ("of_last",), "go together"),
        ({**SLOW, "at_least": 6, "of_last": 5}, ("at_least",), "from 1 to 5"),
        ({**SLOW, "for_checks": 2, "for_seconds": 9}, ("for_seconds",), "use one of"),
        ({**UPTIME, "window_minutes": None}, ("window_minutes",), "whole number"),
        ({**UPTIME, "window_minutes": 50_000}, ("window_minutes",), "to 43200"),
        ({**UPTIME, "for_checks": 2}, ("for_checks",), "looks back"),
        ({**SLOW, "window_minutes": 5}, ("window_minutes",), "does not take"),
        ({**UPTIME, "slo_target": 99}, ("slo_target",), "does not take"),
        ({**BURN, "slo_target": 100}, ("slo_target",), "between 0 and 100"),
        ({**BURN, "slo_target": None}, ("slo_target",), "a number"),
        ({**BURN, "short_window_minutes": 60}, ("short_window_minutes",), "to 59"),
        ({**BURN, "window_minutes": 1}, ("window_minutes",), "shorter than a minute"),
        ({"metric": "error", "operator": "matches", "value": "("}, ("value",), "cannot be used"),
        ({"metric": "error", "operator": "contains", "value": ""}, ("value",), "empty text"),
        ({"metric": "error", "operator": "==", "value": "x" * 1001}, ("value",), "at most 1000"),
        ({"metric": "dns_resolved", "operator": "==", "value": 0}, ("value",), "true or false"),
        (
            {"metric": "body", "operator": "contains", "value": "a", "for_checks": 2},
            ("for_checks",),
            "not kept",
        ),
        ({"all": []}, ("all",), "list of conditions"),
        ({"any": {}}, ("any",), "list of conditions"),
        ({"all": [SLOW], "any": [SLOW]}, (), "stands alone"),
        ({"not": {**SLOW, "value": "x"}}, ("not", "value"), "a number"),
        ({"all": [RED, {"any": [{"not": 3}]}]}, ("all", 1, "any", 0, "not"), "an object"),
        ({"all": [SLOW] * 51}, ("all",), "more than 50"),
        ({"all": [{"all": [SLOW] * 26}, {"all": [SLOW] * 26}]}, (), "more than 50"),
    ],
)
def test_a_bad_object_says_where(source, place, part):
    with pytest.raises(ConditionError) as caught:
        conditions.parse(source)
    assert caught.value.path == place
    assert part in caught.value.message


def test_the_place_stands_in_front_of_the_sentence():
    with pytest.raises(ConditionError, match=r"^all\[1\]\.value\[0\]: choose one of GREEN"):
        conditions.parse({"all": [SLOW, {**RED, "value": ["BLUE"]}]})


def test_depth_is_bounded():
    nested = SLOW
    for _ in range(MAX_DEPTH - 1):
        nested = {"not": nested}
    conditions.parse(nested)
    with pytest.raises(ConditionError, match="nested deeper"):
        conditions.parse({"not": nested})


def test_colours_are_read_in_either_case():
    assert conditions.parse({**RED, "value": ["red"]}) == conditions.parse(RED)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({}, "status is RED or YELLOW"),
        (
            {**SLOW, "at_least": 3, "of_last": 5},
            "is above 800 ms in at least 3 of the last 5 checks",
        ),
        ({**RED, "for_seconds": 120}, "status is RED for 120 seconds"),
        ({**RED, "for_checks": 2}, "status is RED for 2 checks"),
        (UPTIME, "uptime is below 99.9 % over 60 minutes"),
        (BURN, "burn rate is above 14.4 of a target of 99.9 % over 60 minutes and over 5 minutes"),
        (
            {"all": [RED, {"any": [SLOW, UPTIME]}]},
            "RED and (response time is above 800 ms or uptime",
        ),
        ({"not": {"any": [RED, SLOW]}}, "not (status is RED or response time is above 800 ms)"),
        ({"not": SLOW}, "response time is not above 800 ms"),
        ('!error_contains("refused")', 'error does not contain "refused"'),
        ("!(status == RED)", "status is not RED"),
        ("dns_resolved == false", "name resolved is false"),
    ],
)
def test_a_condition_has_words(source, words):
    assert words in conditions.describe(conditions.parse(source))


_leaves = st.sampled_from([{}, SLOW, RED, UPTIME, BURN, {**RED, "for_checks": 3}])
_trees = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=8,
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@given(_trees)
@settings(max_examples=150, deadline=None)
def test_every_tree_makes_the_round_trip(source):
    try:
        condition = conditions.parse(source)
    except ConditionError:
        return  # deeper than allowed
    assert conditions.parse(as_json(condition)) == condition


@given(st.fixed_dictionaries({}, optional=dict.fromkeys([*BURN, "all", "for_checks"], _json)))
@settings(max_examples=150, deadline=None)
def test_no_object_breaks_the_reader(source):
    with suppress(ConditionError):
        conditions.parse(source)


@given(st.text(alphabet='status_code>=<!&|()[]"\\, 0-9.RED\n', max_size=40))
@settings(max_examples=250, deadline=None)
def test_no_text_breaks_the_reader(source):
    with suppress(ConditionError):
        conditions.parse(source)


def test_a_long_expression_is_refused():
    with pytest.raises(ConditionError, match="longer than"):
        conditions.parse("(" * (MAX_EXPRESSION + 1))


def test_parts_are_tuples_so_that_a_condition_can_be_a_key():
    hash(conditions.parse({"all": [RED, {"any": [SLOW]}, {"not": UPTIME}]}))
    assert isinstance(conditions.parse({"all": [RED]}), AllOf)
    assert isinstance(conditions.parse({"any": [RED]}), AnyOf)
    assert isinstance(conditions.parse({"not": RED}), Not)
