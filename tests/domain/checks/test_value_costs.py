"""What it costs to compare the values of a large JSON body: one thread makes everybody's checks."""

import json
import time

import pytest

from app.checks import steps
from app.domain.checks import json_path
from app.domain.checks.assertions import json_failure
from app.domain.checks.patterns import TimeBudget, TooManyValues
from app.network.http import HttpResponse

MANY = 300_000


def test_rules_on_many_values_are_given_up_after_a_while():
    """Each rule alone takes a second: fifty of them held up all other checks for a minute."""
    body = json.dumps([0] * MANY + ["x"])
    rules = [{"path": "$", "operator": "contains", "value": "x"}] * 50
    began = time.process_time()
    failure = json_failure(body, rules, TimeBudget(time.thread_time))
    assert time.process_time() - began < 10
    assert failure
    assert failure.startswith("nobody can tell whether $ matches: there are too many values")


def test_a_few_rules_on_an_ordinary_body_are_evaluated():
    body = json.dumps({"items": list(range(2000)), "ok": True})
    rules = [
        {"path": "$.items", "operator": "contains", "value": 1999},
        {"path": "$.items[*]", "operator": "==", "value": 1500},
        {"path": "$.items[*]", "operator": "!=", "value": 9999},
    ]
    assert json_failure(body, rules * 10, TimeBudget(time.thread_time)) is None


def test_values_within_values_are_counted_once():
    at = [0.0]
    budget = TimeBudget(lambda: at[0], 1.0)

    def inner():
        at[0] += 0.6
        return list(budget.each([1]))

    for _ in budget.each([1]):
        inner()
    assert list(budget.each([1])) == [1], "0.4 are left"
    at[0] += 5.0
    assert list(budget.each([1])) == [1], "time between two looks is nobody's"
    with pytest.raises(TooManyValues):
        [inner() for _ in budget.each([1])]


def test_a_path_looks_no_further_than_it_may_find():
    document = [[0] * MANY] * 50
    began = time.process_time()
    for _ in range(50):
        assert len(json_path.find(document, "$[*][*]")) == json_path.MAX_MATCHES
    assert time.process_time() - began < 2


def test_an_answer_is_read_once_for_all_that_is_taken_from_it(monkeypatch):
    body = json.dumps({f"name{number}": number for number in range(20)}).encode()
    response = HttpResponse.__new__(HttpResponse)
    reads = []
    monkeypatch.setattr(HttpResponse, "json_text", lambda _: reads.append(1) or body)
    sources = {f"v{number}": {"json_path": f"$.name{number}"} for number in range(20)}
    taken = steps.Variables()
    assert taken.take(sources, response) is None
    assert [taken.fill(f"{{{{v{number}}}}}") for number in range(20)] == [*map(str, range(20))]
    assert len(reads) == 1
