"""References to secrets in configs."""

import pytest

from app.domain.checks.secret_references import UnknownSecret, fill, references

CONFIG = {
    "headers": {"X-Key": "{{secrets.KEY}}", "Accept": "*/*"},
    "steps": [{"url": "https://x.example/{{ secrets.TENANT }}/a", "body": "{{id}}"}],
    "count": 3,
}


def test_references_are_found_at_every_depth():
    assert sorted(references(CONFIG)) == ["KEY", "TENANT"]


def test_references_are_filled_and_everything_else_stays():
    filled = fill(CONFIG, {"KEY": "k", "TENANT": "t", "OTHER": "o"})
    assert filled["headers"] == {"X-Key": "k", "Accept": "*/*"}
    assert filled["steps"] == [{"url": "https://x.example/t/a", "body": "{{id}}"}]
    assert filled["count"] == 3


def test_a_missing_secret_is_named():
    with pytest.raises(UnknownSecret, match="there is no secret called TENANT"):
        fill(CONFIG, {"KEY": "k"})


def test_a_value_that_looks_like_a_reference_is_not_followed():
    assert fill("{{secrets.A}}", {"A": "{{secrets.B}}", "B": "b"}) == "{{secrets.B}}"
