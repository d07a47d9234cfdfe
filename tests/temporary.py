"""Temporary files of a test run, in memory where the machine has enough of it.

A hundred clusters of a thousand files each are made and removed in a run. On a disk half of what
the system does for the tests is writing them down, and nothing of it is read after a loss of power.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_MEMORY = Path("/dev/shm")  # a tmpfs, on every Linux
_KNOWN = Path("/proc/meminfo")
# Some hundred megabytes are filled, and PostgreSQL may keep a gigabyte of its log for each server.
_NEEDED_BYTES = 8 * 2**30
_PREFIX = "alertifypro-run-"


def begin() -> Callable[[], None]:
    """Have temporary files of this process and its children in memory; return what removes them.

    TMPDIR, where it is set, stays, as it does for a run within another one.
    """
    if "TMPDIR" in os.environ or not _has_room():
        return lambda: None
    _sweep()
    folder = _MEMORY / f"{_PREFIX}{os.getpid()}"
    folder.mkdir()
    folder.chmod(0o1777)  # as /tmp is: some tests run programs as other users
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)

    def end() -> None:
        del os.environ["TMPDIR"]
        tempfile.tempdir = None
        shutil.rmtree(folder, ignore_errors=True)

    return end


def _has_room() -> bool:
    if not (_KNOWN.exists() and _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)):
        return False
    found = os.statvfs(_MEMORY)
    if found.f_flag & os.ST_NOEXEC or found.f_bavail * found.f_frsize < _NEEDED_BYTES:
        return False
    memory = dict(line.split(":", 1) for line in _KNOWN.read_text().splitlines())
    return int(memory["MemAvailable"].split()[0]) * 1024 >= _NEEDED_BYTES


def _sweep() -> None:
    """Remove what runs that were killed have left, which would be kept until the next boot."""
    for folder in _MEMORY.glob(f"{_PREFIX}*"):
        with suppress(ValueError, PermissionError):
            try:
                os.kill(int(folder.name.removeprefix(_PREFIX)), 0)
            except ProcessLookupError:
                shutil.rmtree(folder, ignore_errors=True)
