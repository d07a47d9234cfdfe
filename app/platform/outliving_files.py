"""Files that a process writes for whoever is started after it, locked while it lives."""

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4


def create(folder: Path, suffix: str) -> tuple[Path, int]:
    """Make a file of this process; return its path and descriptor. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{os.getpid()}-{uuid4().hex[:12]}{suffix}"
    unlocked = path.with_suffix(".new")
    file = os.open(unlocked, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    # Not `flock`: that one is inherited by forks, and would outlive the process.
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    unlocked.rename(path)  # whoever found it before it is locked would take it for left behind
    return path, file


def take_left_behind(
    folder: Path, suffix: str, own: Path | None, note: Callable[[bytes], object]
) -> None:
    """Hand over what the files of processes hold that are gone, and remove those files.

    What `note` raises leaves its file for the next one to read.
    """
    for path in sorted(folder.glob(f"*{suffix}")):
        if path == own:
            continue  # to open it and close it again would give up the lock
        with suppress(OSError), path.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(file.fileno()).st_nlink:  # else somebody else has read it just now
                note(file.read())
                path.unlink()
