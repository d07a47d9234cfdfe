"""What a response must look like."""

import time

import pytest

from app.domain.checks import json_path
from app.domain.checks.assertions import (
    expected_codes,
    header_failure,
    json_failure,
    status_failure,
    text_failure,
)
from app.domain.checks.patterns import PatternTooSlow, TimeBudget, pattern


def patient():
    """Return budget for as long as a test takes."""
    return TimeBudget(lambda: 0.0)


@pytest.mark.parametrize(
    ("rule", "inside", "outside"),
    [
        ("2xx", (200, 299), (199, 300)),
        (301, (301,), (302,)),
        ([200, "3xx"], (200, 301), (404,)),
        ("200-299,301", (250, 301), (300,)),
        (" 2XX , 404 ", (204, 404), (500,)),
    ],
)
def test_status_rules(rule, inside, outside):
    assert all(status_failure(rule, code) is None for code in inside)
    assert all(status_failure(rule, code) for code in outside)


@pytest.mark.parametrize("rule", ["", "abc", "6xx", 99, 600, "299-200", "2xx;3xx", (), "200--299"])
def test_unreadable_status_rules(rule):
    with pytest.raises(ValueError, match="status"):
        expected_codes(rule)


def test_status_sentence():
    assert status_failure([200, 201], 500) == "expected status 200, 201, got 500"


def test_assertions_on_text():
    assert text_failure("hello", patient(), contains="ell") is None
    assert text_failure("hello", patient(), contains="xyz") == 'the body does not contain "xyz"'
    assert text_failure("hello", patient(), not_contains="ell") == 'the body contains "ell"'
    assert text_failure("hello", patient(), regex="^h.*o$") is None
    assert text_failure("héllo", patient(), regex="h.llo") is None


def test_patterns_run_in_linear_time():
    started = time.process_time()
    assert text_failure("a" * 1_000_000, patient(), regex="(a+)+$b") is not None
    assert time.process_time() - started < 2


@pytest.mark.parametrize("text", ["(", "(?=x)", r"(a)\1", "a" * 1001, "[z-a]"])
def test_unusable_patterns_say_why(text):
    with pytest.raises(ValueError, match="the pattern"):
        pattern(text)


def test_assertions_on_headers():
    headers = {"content-type": "application/json; charset=utf-8"}
    assert header_failure(headers, {"Content-Type": "JSON"}) is None
    assert header_failure(headers, {"Server": "x"}) == "the header Server is missing"
    assert "does not contain" in header_failure(headers, {"content-type": "xml"})


BODY = b"""{"status": "ok", "n": 5, "f": 1.5, "yes": true, "none": null,
 "list": [1, 2, {"a": "x"}], "odd key": {"it's": 1}, "big": 12345678901234567890}"""


@pytest.mark.parametrize(
    ("path", "operator", "value", "holds"),
    [
        ("$.status", "==", "ok", True),
        ("status", "==", "ok", True),
        ("$.status", "!=", "ok", False),
        ("$.n", "==", 5, True),
        ("$.n", "==", "5", True),
        ("$.n", "==", 5.0, True),
        ("$.yes", "==", True, True),
        ("$.yes", "==", 1, False),
        ("$.yes", "==", "true", True),
        ("$.none", "==", None, True),
        ("$.none", "exists", None, True),
        ("$.gone", "exists", None, False),
        ("$.gone", "exists", False, True),
        ("$.gone", "==", None, False),
        ("$.n", ">", 4, True),
        ("$.n", ">=", "5", True),
        ("$.n", "<", 5, False),
        ("$.f", "<=", 1.5, True),
        ("$.status", ">", 1, False),
        ("$.yes", ">", 0, False),
        ("$.status", "contains", "k", True),
        ("$.list", "contains", 2, True),
        ("$.list", "contains", "2", True),
        ("$['odd key']", "contains", "it's", True),
        ("$.n", "contains", [1], False),
        ("$['odd key']", "contains", [1], False),
        ("$.status", "startsWith", "o", True),
        ("$.n", "startsWith", "5", True),
        ("$.status", "matches", "^o[a-z]$", True),
        ("$.list[0]", "==", 1, True),
        ("$.list[-1].a", "==", "x", True),
        ("$.list[9]", "exists", None, False),
        ("$.list[*]", "==", 2, True),
        ("$.list[*]", "!=", 2, False),
        ("$.list[*].a", "==", "x", True),
        ("$.odd key", "exists", None, None),
        ("$[\"odd key\"]['it\\'s']", "==", 1, True),
        ("$", "exists", None, True),
        ("$.big", ">", 1e18, True),
    ],
)
def test_json_rules(path, operator, value, holds):
    rule = {"path": path, "operator": operator, "value": value}
    if holds is None:
        with pytest.raises(ValueError, match="cannot read the path"):
            json_failure(BODY, [rule], patient())
        return
    assert (json_failure(BODY, [rule], patient()) is None) is holds


@pytest.mark.parametrize(
    ("value", "operator", "wanted", "holds"),
    [
        ("9007199254740993", ">", 9007199254740992, True),  # 2**53 + 1: beyond a double
        ("9007199254740993", "<=", 9007199254740992, False),
        ("9007199254740993", "==", "9007199254740993", True),
        ('"9007199254740993"', ">", "9007199254740992", True),
        ("10.0", "==", "10", True),
        ("10", "==", "10.0", True),
        ("1e1", "==", "10", True),
        ("null", "==", "x", False),
        ('"1.10"', "==", "1.1", False),  # texts, such as versions, are compared as texts
        ('"inf"', ">", 1, False),
        ('"Infinity"', ">", 1, False),
        ('"nan"', "<=", 1, False),
        ('"1_000"', ">", 1, False),
        ('"\u0661\u0660"', ">", 1, False),  # 10 in Arabic digits
        ('" 7 "', ">", 1, True),
        ('".5"', "<", 1, True),  # as bc writes it
        ('"5."', ">", 1, True),
        ('"1e3"', "==", "1e3", True),
        ('"+2"', ">", 1, True),
    ],
)
def test_numbers_are_compared_exactly_and_only_numbers(value, operator, wanted, holds):
    rule = {"path": "$.a", "operator": operator, "value": wanted}
    assert (json_failure(f'{{"a": {value}}}', [rule], patient()) is None) is holds


def test_of_a_name_given_twice_the_last_counts_as_in_browsers():
    assert json_failure('{"a": 1, "a": 2}', [{"path": "$.a", "value": 2}], patient()) is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "; it is empty"),
        *((body, "") for body in (b"nope", b"\xff\xfe")),
        (b"{", " (line 1, column 2)"),
        (b'{"a": 1}\n{"a": 2}', " (line 2, column 1)"),
        (b"[" * 100_000, "; it is nested too deeply"),
        (b'{"a": NaN}', "; NaN is no number in JSON"),
        (b"[-Infinity]", "; -Infinity is no number in JSON"),
        (b"1" * 5_000, "; a number has more than 1,000 digits"),
    ],
)
def test_unreadable_json(body, why):
    assert json_failure(body, [{"path": "$", "operator": "exists"}], patient()) == (
        f"the body is not readable JSON{why}"
    )


@pytest.mark.parametrize(
    "path", ["$..a", "$[?(@.a)]", "$.a[1:2]", "$.a b", "$.", "$[", "a..b", "$.a" * 200, "$[1.5]"]
)
def test_unreadable_paths(path):
    with pytest.raises(ValueError, match="path"):
        json_path.parse(path)


def test_a_wildcard_is_bounded():
    document = [[0] * 1000] * 1000
    assert len(json_path.find(document, "$[*][*]")) == json_path.MAX_MATCHES


HUGE = "(a?){500}a{500}z"  # linear, and tens of microseconds for each character


def test_large_patterns_end_after_a_second():
    """One of a thousand states took half a minute for a megabyte, in which its worker did nothing
    else, and each of fifty rules anew."""
    body = "a" * 1_000_000
    budget = TimeBudget(time.thread_time)
    began = time.thread_time()
    failure = text_failure(body, budget, regex=HUGE)
    rule = {"path": "$", "operator": "matches", "value": HUGE}
    also = json_failure(f'"{body}"', [rule] * 50, budget)
    assert time.thread_time() - began < 6
    assert failure.startswith(f'nobody can tell whether the body matches "{HUGE}": the pattern is')
    assert also.startswith("nobody can tell whether $ matches: the pattern is too slow to look")


def test_large_patterns_are_found_where_they_can_be():
    found = TimeBudget(time.thread_time).search(HUGE, "a" * 1_000 + "z" + "b" * 1_000_000)
    assert found is not None


@pytest.mark.parametrize("text", ["a$", r"a\b", r"a\z", "(?m)a$"])
def test_where_we_stop_reading_is_no_end(text):
    assert patient().search(text, "a" * 1_000_000 + "b") is None
    assert patient().search(text, "a" * 1_000_000) is not None


@pytest.mark.parametrize("size", [0, 1, 4_095, 4_096, 4_097, 16_384, 100_000])
def test_a_pattern_is_found_at_the_end_of_a_text_of_any_length(size):
    assert patient().search("zz$", "a" * size + "zz").end() == size + 2
    assert patient().search("^$", "a" * size) is None or size == 0


def test_patience_that_is_used_up_looks_at_nothing():
    ticks = iter(range(1_000))
    budget = TimeBudget(lambda: float(next(ticks)), seconds=0.5)
    with pytest.raises(PatternTooSlow):
        budget.search("z", "a" * 10_000)
    with pytest.raises(PatternTooSlow, match="beyond 0 characters"):
        budget.search("a", "a")
