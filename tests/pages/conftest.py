"""Chromium, and the scenes over HTTP for it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.chromium import chromium
from tests.pages.serving import serving


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, for the tests of a file."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as address:
        yield address
