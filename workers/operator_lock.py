"""Lock of the one process that notifies operators past the outbox.

It is an advisory lock of the database, which needs no disk. While the database is away each process
keeps what it knew last; one that never knew notifies, because twice is better than never.
"""

from contextlib import suppress

import psycopg

_SETTINGS = {"connect_timeout": 3, "options": "-c statement_timeout=2000"}
_LOCK = "SELECT pg_try_advisory_lock(hashtext('operators are told directly'))"


class OperatorLock:
    """Lock on notifying operators directly; taken when there is something to send."""

    def __init__(self, database_url: str) -> None:
        """`database_url` is of SQLAlchemy or of libpq."""
        self._url = database_url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._connection: psycopg.Connection[tuple[bool]] | None = None
        self._is_ours = True  # of what was known last

    def is_ours(self) -> bool:
        """Say whether this process is to notify; it stays so until `release` or its end."""
        try:
            if self._connection is None:
                connection = psycopg.connect(self._url, autocommit=True, **_SETTINGS)  # type: ignore[arg-type]
                self._connection = connection
                self._is_ours = False
            if self._is_ours:
                self._connection.execute("SELECT")  # the lock lives by its connection
            else:
                ((self._is_ours,),) = self._connection.execute(_LOCK).fetchall()
        except psycopg.Error:
            self._close()
        return self._is_ours

    def release(self) -> None:
        """Leave it to whoever has something to send next."""
        self._close()
        self._is_ours = True

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None
