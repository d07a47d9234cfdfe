"""Folders for files that live as long as their process, or that processes of a user share."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

_MEMORY = "/dev/shm"  # noqa: S108  a folder that names are made in by `tempfile`


def folder() -> str | None:
    """Return the folder for `tempfile`; None for its own choice.

    Memory where the system offers it: a /tmp may be full, or read-only as in a hardened container,
    just when the trace of a process that crashed is to be kept.
    """
    return _MEMORY if os.access(_MEMORY, os.W_OK | os.X_OK) else None


def shared_folder() -> Path:
    """Return this user's folder, which nobody else can write to.

    Where somebody else has made what is at its place, it is a new one of this process.
    """
    place = Path(folder() or tempfile.gettempdir()) / f"alertifypro-{os.geteuid()}"
    with suppress(FileExistsError):
        place.mkdir(mode=0o700)
    found = place.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077:
        return place
    return Path(tempfile.mkdtemp(prefix="alertifypro-", dir=place.parent))
