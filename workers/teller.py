"""The one process that tells operators past the outbox, of those that look after the monitor.

It is whoever holds a lock of the database, which needs no disk. While the database is away each
keeps what it was; who never knew tells, because twice is better than never.
"""

from contextlib import suppress

import psycopg

_SETTINGS = {"connect_timeout": 3, "options": "-c statement_timeout=2000"}
_LOCK = "SELECT pg_try_advisory_lock(hashtext('operators are told directly'))"


class Teller:
    """Right to tell operators directly; taken when there is something to tell."""

    def __init__(self, database_url: str) -> None:
        """`database_url` is of SQLAlchemy or of libpq."""
        self._url = database_url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._connection: psycopg.Connection[tuple[bool]] | None = None
        self._is_ours = True  # of what was known last

    def is_ours(self) -> bool:
        """Say whether this process is to tell; it stays so until `give_up` or its end."""
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

    def give_up(self) -> None:
        """Leave it to whoever has something to tell next."""
        self._close()
        self._is_ours = True

    def _close(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None
