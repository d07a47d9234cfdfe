"""Journal of the work that this process has in hand, in a file that outlives it.

A process that is ended by its work cannot say any more by which. So it writes down what it begins
and what it has finished; whoever is started after it reads what was in hand. The file is written
by `pwrite`: that reaches the kernel, which keeps it whatever ends the process, and fails on a full
disk, where a mapping would end the process itself.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from heapq import heappop, heappush
from itertools import count
from pathlib import Path

from app.platform import outliving_files

_SLOT_BYTES = 128
_SLOTS = 8192
FOLDER = "work"
_SUFFIX = ".journal"
_FREE = b"\0" * _SLOT_BYTES

InHand = tuple[str, str]  # kind and key


class WorkJournal:
    """File with a slot for each piece of work in hand; locked while its process lives."""

    def __init__(self, folder: Path, *, does_one_at_a_time: bool = False) -> None:
        """Open a file in a folder. Raises OSError."""
        self.does_one_at_a_time = does_one_at_a_time
        self._path, self._file = outliving_files.create(folder, _SUFFIX)
        self._fresh = count()
        self._free: list[int] = []  # a heap: what begins together lies together

    def begin(self, kind: str, keys: Iterable[str]) -> list[int]:
        """Write down that work begins, in one write for neighbours; return its slots.

        What cannot be written down has none: all of them are taken, or the disk is full.
        """
        entries: dict[int, bytes] = {}
        for key in keys:
            slot = self._take()
            if slot is None:
                break
            entries[slot] = f"{kind} {key}".encode()[:_SLOT_BYTES].ljust(_SLOT_BYTES, b"\0")
        slots = sorted(entries)
        for run in _runs(slots):
            self._write(run[0], b"".join([entries[slot] for slot in run]))
        return slots

    def end(self, slots: Sequence[int]) -> None:
        """Write down that work is over, well or not: the process lives."""
        for run in _runs(slots):
            self._write(run[0], _FREE * len(run))
        for slot in slots:
            heappush(self._free, slot)

    def _take(self) -> int | None:
        try:
            return heappop(self._free)
        except IndexError:  # asked first, another thread might take the last one meanwhile
            slot = next(self._fresh)
            return slot if slot < _SLOTS else None

    def _write(self, slot: int, entries: bytes) -> None:
        with suppress(OSError):  # a full disk: then nothing is known of these
            os.pwrite(self._file, entries, slot * _SLOT_BYTES)


def _runs(slots: Sequence[int]) -> Iterator[Sequence[int]]:
    """Return what follows one upon another in a sorted list, together."""
    start = 0
    for end in range(1, len(slots) + 1):
        if end == len(slots) or slots[end] != slots[end - 1] + 1:
            yield slots[start:end]
            start = end


_current: WorkJournal | None = None


def open_for_process(state_dir: Path) -> bool:
    """Write a journal from now on; False for a process that cannot, and does without."""
    global _current
    with suppress(OSError):
        _current = WorkJournal(state_dir / FOLDER)
        return True
    return False


def open_for_work_alone(folder: Path) -> None:
    """Write a journal in a process of its own, which takes one row at a time. Raises OSError."""
    global _current
    _current = WorkJournal(folder, does_one_at_a_time=True)


def leave_to_parent() -> None:
    """Write no journal in this fork: the file is its parent's."""
    global _current
    _current = None


def does_one_at_a_time() -> bool:
    """Say whether this process takes rows one at a time, to tell which of them ends it."""
    return _current is not None and _current.does_one_at_a_time


class _InHand:
    """Block in which something is in hand: a class, as it is entered for every check."""

    __slots__ = ("_journal", "_keys", "_kind", "_slots")

    def __init__(self, kind: str, keys: Iterable[str]) -> None:
        self._journal, self._kind, self._keys = _current, kind, keys

    def __enter__(self) -> None:
        if self._journal is not None:
            self._slots = self._journal.begin(self._kind, self._keys)

    def __exit__(self, *_: object) -> None:
        if self._journal is not None:
            self._journal.end(self._slots)


def in_hand(kind: str, keys: Iterable[str]) -> AbstractContextManager[None]:
    """Write down what is in hand while the block runs; nothing where there is no journal."""
    return _InHand(kind, keys)


def take_left_behind(state_dir: Path, note: Callable[[list[InHand]], None]) -> None:
    """Hand over what processes had in hand that are gone, then forget it."""
    read_left_behind(state_dir / FOLDER, note)


def read_left_behind(folder: Path, note: Callable[[list[InHand]], None]) -> None:
    """Hand over what a folder's journals hold whose processes are gone, and remove those files.

    What `note` raises leaves its file for the next one to read.
    """
    own = _current._path if _current is not None else None

    def read(content: bytes) -> None:
        if found := list(_entries(content)):
            note(found)

    outliving_files.take_left_behind(folder, _SUFFIX, own, read)


def _entries(content: bytes) -> Iterator[InHand]:
    for start in range(0, len(content), _SLOT_BYTES):
        # A key that was cut may end within a character.
        entry = content[start : start + _SLOT_BYTES].rstrip(b"\0").decode(errors="ignore")
        kind, _, key = entry.partition(" ")
        if key and "\0" not in key:  # else damaged
            yield kind, key
