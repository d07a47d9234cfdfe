"""Names as they stand in addresses."""

import re

import pytest
from hypothesis import given
from hypothesis.strategies import text

from app.domain.accounts.slugs import MAX_SLUG, slugify


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Alice's Organization", "alices-organization"),
        ("  Älter & Söhne -- GmbH  ", "alter-sohne-gmbh"),
        ("数据", "fallback"),
        ("---", "fallback"),
        ("A" * 100, "a" * MAX_SLUG),
        ("a" * 59 + " b", "a" * 59),
    ],
)
def test_known_names(name, slug):
    assert slugify(name, "fallback") == slug


@given(text())
def test_every_name_gives_a_slug(name):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slugify(name, "fallback"))
