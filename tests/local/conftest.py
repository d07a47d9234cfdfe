"""State directories for the launcher: not below pytest's own, which is closed to other users."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def state() -> Iterator[Path]:
    """An empty directory, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="alertifypro-local-") as directory:
        path = Path(directory).resolve()
        path.chmod(0o711)
        yield path
