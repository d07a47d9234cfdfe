"""Chromium for tests: where it is, and how it is started."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

# What people have, which alone shows notifications; and the same engine without windows, which
# Playwright itself takes for tests and which needs less of the processor.
_NAMED = os.environ.get("CHROMIUM")
_SHELL = Path("/usr/bin/chromium-headless-shell")
WHOLE = Path(_NAMED or "/usr/bin/chromium")
CHROMIUM = _SHELL if _SHELL.exists() and not _NAMED else WHOLE
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE_MS = 60_000  # what is expected comes in a second, where nobody works beside the tests


@contextmanager
def chromium(path: Path = CHROMIUM) -> Iterator[Any]:
    """Start Chromium and close it; skips the test on a machine without it."""
    if not path.exists():
        pytest.skip(f"no Chromium at {path}")
    playwright = pytest.importorskip("playwright.sync_api")
    playwright.expect.set_options(timeout=PATIENCE_MS)
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(path), args=FLAGS)
        yield browser
        browser.close()
