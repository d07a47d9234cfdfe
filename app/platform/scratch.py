"""Folder for files that live as long as their process."""

import os

_MEMORY = "/dev/shm"  # noqa: S108  a folder that names are made in by `tempfile`


def folder() -> str | None:
    """Return the folder for `tempfile`; None for its own choice.

    Memory where the system offers it: a /tmp may be full, or read-only as in a hardened container,
    just when the trace of a process that crashed is to be kept.
    """
    return _MEMORY if os.access(_MEMORY, os.W_OK | os.X_OK) else None
