"""Watch of the state directory: whether it can be written, and is still the one that was started.

Its disk may be full or read-only, or be gone for a while and come back as another one that holds
the same files. Each look is made by a fork: a disk that does not answer holds up whoever asks it.
"""

import os
import time

from app.local.state import StateDir

EVERY_SECONDS = 5.0
SILENT_SECONDS = 10.0
_ANOTHER = 255  # an exit code; no errno is as large
_ADVICE = "nothing is stored until then; see whether its disk is there, writable and not full"


class StateWatch:
    """Watch that is asked again and again, and never waits for the disk."""

    def __init__(self, state: StateDir) -> None:
        self._state = state
        self._state_id = state.secrets().state_id
        self._problem: str | None = None
        self._fork: int | None = None
        self._began_at = float("-inf")

    @property
    def is_well(self) -> bool:
        """Whether the directory could be written at the last look."""
        return self._problem is None

    def look(self) -> str | None:
        """Return a line for people when something has changed, None else."""
        before = self._problem
        if self._fork is None:
            if time.monotonic() - self._began_at >= EVERY_SECONDS:
                self._begin()
        else:
            self._read(self._fork)
        if self._problem == before:
            return None
        path = self._state.path
        if self._problem is None:
            return f"The state directory {path} can be written again"
        return f"The state directory {path} {self._problem}: {_ADVICE}"

    def _begin(self) -> None:
        self._began_at = time.monotonic()
        try:
            pid = os.fork()
        except OSError as error:  # of a machine without memory or processes
            self._problem = f"cannot be looked at ({error.strerror})"
            return
        if pid == 0:
            try:
                os._exit(_code(self._state, self._state_id))
            finally:
                os._exit(_ANOTHER)
        self._fork = pid

    def _read(self, fork: int) -> None:
        pid, status = os.waitpid(fork, os.WNOHANG)
        if pid:
            self._fork = None
            self._problem = _sentence(os.waitstatus_to_exitcode(status))
        elif time.monotonic() - self._began_at > SILENT_SECONDS:
            self._problem = "does not answer"


def _code(state: StateDir, state_id: str) -> int:
    """Return 0 for a directory that is ours and can be written, else an errno or `_ANOTHER`."""
    try:
        if state.id() != state_id:
            return _ANOTHER
        state.try_to_write()
    except OSError as error:
        return error.errno or _ANOTHER
    return 0


def _sentence(code: int) -> str | None:
    if code == 0:
        return None
    if code == _ANOTHER or code < 0:
        return "is gone, or is another one"
    return f"cannot be written ({os.strerror(code)})"
