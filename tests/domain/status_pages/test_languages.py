"""The catalogues: the languages a page may have, and sentences that fill in alike."""

import importlib
import re
from pathlib import Path
from string import Formatter

import pytest

from app.domain.status_pages.languages import duration, en, listing, sentence
from app.domain.status_pages.types import LANGUAGES


def names(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_catalogue_fills_in_what_the_english_one_does(language):
    module = importlib.import_module(f"app.domain.status_pages.languages.{language}")
    assert module.SENTENCES.keys() == en.SENTENCES.keys()
    for key, text in module.SENTENCES.items():
        assert names(text) == names(en.SENTENCES[key]), key


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_a_language_says_things_in_its_own_words(language):
    module = importlib.import_module(f"app.domain.status_pages.languages.{language}")
    same = {key for key, text in module.SENTENCES.items() if text == en.SENTENCES[key]}
    assert len(same) < 25, same  # such as "Website", or units


def used_keys():
    """Return the keys that templates and programs name as they are."""
    text = "".join(
        path.read_text()
        for folder in ("app/pages/status", "app/operations/status_pages", "app/api")
        for path in sorted(Path(folder).rglob("*"))
        if path.suffix in (".py", ".html")
    )
    call = r"""(?:say|fill|sentence)\(\s*(?:[\w.]+, |"en", )?["']([a-z_0-9]+)["']\s*[,)]"""
    return set(re.findall(call, text)) - {"en"}


def test_every_sentence_that_is_said_is_in_the_catalogue():
    used = used_keys()
    assert len(used) > 60
    assert used <= en.SENTENCES.keys(), used - en.SENTENCES.keys()


def test_a_language_that_nobody_knows_is_english():
    assert sentence("xx", "verdict_all_work") == "All systems work"
    assert sentence("de", "verdict_all_work") == "Alle Systeme arbeiten"


def test_names_and_durations():
    assert listing("en", ["A", "B", "C"]) == "A, B and C"
    assert listing("ja", ["{0}"]) == "{0}"
    assert [duration("en", s) for s in (0, 59, 60, 3_661, 90_000)] == [
        "1 s", "59 s", "1 min", "1 h 1 min", "1 d 1 h",
    ]  # fmt: skip
