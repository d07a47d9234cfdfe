"""Text is cleaned and cut without tearing anything apart."""

from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.messages.text import (
    both_ends,
    clean,
    cut,
    duration,
    isolated,
    moment,
    one_line,
    plain,
    read_time,
    timestamp,
    utf8_length,
    utf16_length,
    without_password,
)

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=300)


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("a\r\nb\rc\u2028d\x85e", "a\nb\nc\nd\ne"),
        ("a\x00b\x1b[31mc\x7f\x9b", "ab[31mc"),
        ("tab\tstays", "tab\tstays"),
        ("invoice \u202etxt.exe\u202c \u2066x\u2069", "invoice txt.exe x"),
        ("שלום \u200f עולם 👩‍👩‍👧", "שלום \u200f עולם 👩‍👩‍👧"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        (None, ""),
        (12, "12"),
    ],
)
def test_control_characters_are_removed(given_text, kept):
    assert clean(given_text) == kept


def test_one_line_has_no_line_breaks():
    assert one_line(" a\r\n b\tc \u2029 d ") == "a b c d"


@given(ANYTHING)
def test_cleaned_text_can_be_sent_anywhere(text):
    cleaned = clean(text)
    cleaned.encode()
    assert not set(cleaned) & set(map(chr, [*range(9), 11, 12, *range(14, 32), *range(127, 160)]))
    assert "\n" not in one_line(text)


@given(ANYTHING.map(clean), st.integers(min_value=1, max_value=200))
def test_a_cut_keeps_every_limit(text, limit):
    assert len(cut(text, limit)) <= limit
    assert utf16_length(cut(text, limit, size=utf16_length)) <= limit
    assert utf8_length(cut(text, limit + 3, size=utf8_length)) <= limit + 3
    escaped = cut(text, limit, escape)
    assert len(escaped) <= limit
    if escaped != escape(text):
        assert escaped.endswith("…")


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("a bcd", 3, "a…"), ("&&&", 7, "&amp;…"), ("x", 0, "")],
)
def test_cut_to_a_limit_of_escaped_text(text, limit, expected):
    assert cut(text, limit, escape) == expected


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (45, "45 s"),
        (90, "1 min 30 s"),
        (240, "4 min"),
        (299, "4 min"),
        (3_900, "1 h 5 min"),
        (7_200, "2 h"),
        (183_600, "2 d 3 h"),
    ],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


def test_times_in_words():
    at = datetime(2026, 3, 2, 16, 23, 0, 500_000, tzinfo=timezone(timedelta(hours=2)))
    assert moment(at) == "2026-03-02 14:23:00 UTC"
    assert timestamp(at) == "2026-03-02T14:23:00.500000Z"
    assert timestamp(at.replace(microsecond=0)) == "2026-03-02T14:23:00Z"


@pytest.mark.parametrize(
    ("endpoint", "shown"),
    [
        ("https://u:p@x.example/a?b=c@d", "https://x.example/a?b=c@d"),
        ("https://token@x.example/", "https://x.example/"),
        ("https://x.example/@user", "https://x.example/@user"),
        ("db.example:5432", "db.example:5432"),
        (None, ""),
    ],
)
def test_endpoints_are_shown_without_passwords(endpoint, shown):
    assert without_password(endpoint) == shown


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02T00:00:00Z", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02T00:00:00", datetime(2026, 1, 2, tzinfo=UTC)),
        ("yesterday", None),
        (7, None),
        (None, None),
    ],
)
def test_times_of_rows(value, read):
    assert read_time(value) == read


def test_rows_become_json():
    class Colour(Enum):
        RED = "red"

    value = {"a": [Colour.RED, date(2026, 1, 2)], 1: {datetime(2026, 1, 2, tzinfo=UTC)}}
    assert plain(value) == {"a": ["red", "2026-01-02"], "1": ["2026-01-02T00:00:00Z"]}


def test_a_name_of_another_script_is_isolated_and_stays_so():
    assert isolated("Shop 1") == "Shop 1"
    assert isolated("חנות 1") == "\u2068חנות 1\u2069"
    assert isolated(isolated("חנות 1")) == "\u2068חנות 1\u2069"
    assert one_line(f"{isolated('متجر')}: is down") == "\u2068متجر\u2069: is down"


@pytest.mark.parametrize(
    "text", ["\u2068a", "a\u2069", "\u2069a\u2068", "\u2068a\nb\u2069", "\u2067a\u2069"]
)
def test_an_isolate_that_is_not_closed_on_its_line_goes(text):
    assert clean(text).replace("\n", "") in ("a", "ab")


@pytest.mark.parametrize(
    "letter", ["e\u0301", "👍🏽", "👨\u200d👩\u200d👧\u200d👦", "🇩🇪", "नि", "❤\ufe0f"]
)
@pytest.mark.parametrize("size", [len, utf16_length, utf8_length])
def test_a_letter_of_several_signs_is_not_torn(letter, size):
    text = "a" + letter * 20
    for limit in range(4, size(text)):
        kept = cut(text, limit, size=size).removesuffix("…")
        assert kept == "a" + letter * ((len(kept) - 1) // len(letter))
        assert size(kept) <= limit


def test_endless_accents_do_not_empty_a_text():
    assert len(cut("e" + "\u0301" * 500, 100)) == 100


@given(st.text(max_size=60), st.integers(min_value=5, max_value=40))
def test_both_ends_are_kept_and_only_the_middle_is_left_out(text, most):
    kept = both_ends(text, most)
    if len(text) <= most:
        assert kept == text
        return
    head, _, tail = kept.partition("\n…\n")
    assert len(kept) == most
    assert text.startswith(head)
    assert text.endswith(tail)
