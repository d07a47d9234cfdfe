"""The catalogues: the languages a page may have, and sentences that fill in alike."""

import importlib
from string import Formatter

import pytest

from app.domain.status_pages.languages import duration, en, listing, sentence
from app.domain.status_pages.types import LANGUAGES


def names(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_catalogue_fills_in_what_the_english_one_does(language):
    module = importlib.import_module(f"app.domain.status_pages.languages.{language}")
    for key, text in module.SENTENCES.items():
        assert key in en.SENTENCES, key
        assert names(text) == names(en.SENTENCES[key]), key


def test_what_is_missing_is_said_in_english():
    assert sentence("xx", "verdict_all_work") == "All systems work"
    assert sentence("de", "verdict_all_work") == "Alle Systeme arbeiten"
    assert sentence("de", "wrong_address") == en.SENTENCES["wrong_address"]


def test_names_and_durations():
    assert listing("en", ["A", "B", "C"]) == "A, B and C"
    assert listing("ja", ["{0}"]) == "{0}"
    assert [duration("en", s) for s in (0, 59, 60, 3_661, 90_000)] == [
        "1 s", "59 s", "1 min", "1 h 1 min", "1 d 1 h",
    ]  # fmt: skip
