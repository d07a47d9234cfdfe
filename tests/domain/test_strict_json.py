"""JSON as strangers send it."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis.strategies import binary, dictionaries, integers, lists, recursive, text

from app.domain.strict_json import (
    MAX_DEPTH,
    UnacceptableValue,
    UnreadableJson,
    has_control_characters,
    parse,
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b"NaN",
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1, "a": 2}',
        b'"\xff"',
        b'\xef\xbb\xbf{"a": 1}',
        '"ä"'.encode("utf-16"),
        b"[" * 100_000,
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1),
        b'"a\nb"',
    ],
)
def test_bodies_that_are_no_json(body):
    with pytest.raises(UnreadableJson):
        parse(body)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (rb'{"name": "a\u0000b"}', ("name",)),
        (rb'{"name": "\ud800"}', ("name",)),
        (rb'{"a": [{"b": "\u001b[31m"}]}', ("a", 0, "b")),
        (rb'{"a": "\u009f"}', ("a",)),
        (b'{"a": 1e999}', ("a",)),
        (b'{"a": 9223372036854775808}', ("a",)),
        (b'{"a": -' + b"9" * 10_000 + b"}", ("a",)),
        (rb'{"a\u0000": 1}', ()),
        (rb'"\u0000"', ("body",)),
    ],
)
def test_values_that_no_database_holds(body, path):
    with pytest.raises(UnacceptableValue) as caught:
        parse(body)
    assert caught.value.path == path


@pytest.mark.parametrize(
    "value",
    [
        {"a": "line\nbreak\tand tab"},
        {"a": 2**63 - 1, "b": -1.5, "c": None, "d": True},
        {"a": "😀"},
        [[[]]],
    ],
)
def test_what_is_fine_comes_through(value):
    assert parse(json.dumps(value).encode()) == value
    assert parse(json.dumps(value, ensure_ascii=False).encode()) == value


@given(binary())
def test_noise_never_breaks_it(body):
    with suppress(UnreadableJson, UnacceptableValue):
        parse(body)


values = recursive(integers() | text(), lambda v: lists(v) | dictionaries(text(), v), max_leaves=20)


@given(values)
def test_structured_noise_never_breaks_it(value):
    with suppress(UnacceptableValue):
        assert parse(json.dumps(value).encode()) == value


def test_broken_utf8_in_an_address_counts_as_control_characters():
    assert has_control_characters("a\ufffdb")
    assert has_control_characters("a\nb")
    assert not has_control_characters("ä b")
