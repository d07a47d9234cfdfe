"""Journal of the leases that this process holds, in a file that outlives it.

Nobody else may do what is under a lease before that runs out. A process that was killed cannot give
its leases back, so whoever is started after it does. The file is written whole after each claim:
of what was recorded since, the token is void.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
from psycopg import DataError, ProgrammingError

from app.platform import outliving_files
from app.platform.work_journal import FOLDER

# Of each lease what it was written with, the token last.
GiveBack = Callable[[Sequence[Sequence[Any]]], object]

_SUFFIX = ".leases"
_LENGTH_BYTES = 8
# What a damaged file, or one of another release, may bring about: those leases run out.
_UNREADABLE = (ValueError, TypeError, AttributeError, DataError, ProgrammingError)


class LeaseJournal:
    """File with the leases of one kind; locked while its process lives."""

    def __init__(self, folder: Path, kind: str) -> None:
        """Open a file in a folder. Raises OSError."""
        self.path, self._file = outliving_files.create(folder, _SUFFIX)
        self._kind = kind

    def write(self, leases: Sequence[tuple[Any, ...]]) -> None:
        """Write down all leases that are held; nothing is known of them on a full disk."""
        content = orjson.dumps([self._kind, list(map(tuple, leases))])
        with suppress(OSError):
            os.pwrite(self._file, len(content).to_bytes(_LENGTH_BYTES) + content, 0)


_current: LeaseJournal | None = None


def open_for_process(state_dir: Path, kind: str) -> None:
    """Write a journal from now on; a process that cannot does without."""
    global _current
    with suppress(OSError):
        _current = LeaseJournal(state_dir / FOLDER, kind)


def leave_to_parent() -> None:
    """Write no journal in this fork: the file is its parent's."""
    global _current
    _current = None


def write(leases: Sequence[tuple[Any, ...]]) -> None:
    """Write down all leases that this process holds; nothing where there is no journal."""
    if _current is not None:
        _current.write(leases)


def take_left_behind(state_dir: Path, give_back: Mapping[str, GiveBack]) -> None:
    """Give back by kind what processes held that are gone, then forget it.

    What `give_back` raises leaves its file for the next one to read.
    """

    def read(content: bytes) -> None:
        length = int.from_bytes(content[:_LENGTH_BYTES])
        with suppress(*_UNREADABLE):
            kind, leases = orjson.loads(content[_LENGTH_BYTES : _LENGTH_BYTES + length])
            if leases and kind in give_back:
                give_back[kind](leases)

    own = _current.path if _current is not None else None
    outliving_files.take_left_behind(state_dir / FOLDER, _SUFFIX, own, read)
