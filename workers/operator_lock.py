"""Lock of the one process that notifies operators past the outbox.

It is two locks, taken while all is well and kept: one on the folder of this machine's state, which
needs neither disk nor database, and one of the database, among machines. While the database is away
each machine keeps what it was; once it is back, whoever notified before takes the lock first.
"""

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg

from app.platform.clock import monotonic

# A process that hangs lets go: its session ends by itself (PostgreSQL 14 and later).
_OPTIONS = "-c statement_timeout=2000 -c idle_session_timeout=120000"
_SETTINGS = {"connect_timeout": 3, "tcp_user_timeout": 5000, "options": _OPTIONS}
_LOCK = "SELECT pg_try_advisory_lock(hashtext('operators are told directly'))"
# A database that was away took every lock with it. Within this time whoever held ours has asked
# for it again (it looks four times a minute); then it is gone, and another process may notify.
STANDBY_SECONDS = 60.0


class OperatorLock:
    """Lock on notifying operators directly, held by one process from its first look to its end."""

    def __init__(
        self,
        database_url: str,
        folder: Path | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`database_url` is of SQLAlchemy or of libpq; `folder` is shared on this machine."""
        self._folder = folder
        self._folder_lock: int | None = None
        self._url = database_url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._clock = clock
        self._connection: psycopg.Connection[tuple[bool]] | None = None
        self._is_ours: bool | None = None  # of what was known last
        self._asks_from = float("-inf")

    def is_ours(self) -> bool:
        """Say whether this process is to notify, and keep it so; asked at every look.

        A machine whose processes have never known notifies: twice is better than never.
        """
        if not self._has_folder():
            return False
        try:
            self._ask()
        except psycopg.Error:
            self._close()
        return self._is_ours is not False

    def _has_folder(self) -> bool:
        if self._folder is None or self._folder_lock is not None:
            return True
        try:
            lock = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            return True  # a machine without such a folder has no second process
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return False
        self._folder_lock = lock
        return True

    def _ask(self) -> None:
        is_new = self._connection is None
        if self._connection is None:
            self._connection = psycopg.connect(self._url, autocommit=True, **_SETTINGS)  # type: ignore[arg-type]
            if self._is_ours is False:
                self._asks_from = self._clock() + STANDBY_SECONDS
        if self._is_ours and not is_new:
            self._connection.execute("SELECT")  # the lock lives by its connection
        elif self._clock() < self._asks_from:
            self._connection.execute("SELECT")
        else:
            ((self._is_ours,),) = self._connection.execute(_LOCK).fetchall()

    def release(self) -> None:
        """Leave it to another process."""
        self._close()
        self._is_ours = None
        if self._folder_lock is not None:
            os.close(self._folder_lock)
            self._folder_lock = None

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None
