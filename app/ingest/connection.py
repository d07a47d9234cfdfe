"""Connection of the ping writer: not one of the pool, which slow requests may exhaust.

BEGIN and COMMIT travel along with the statements, two round trips in all, where the pool and its
session make ten of them. It is the one exception to `app/platform/transaction.py`.
"""

import select
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

import psycopg

from app.operations.heartbeats import ingest_beacon
from app.operations.heartbeats import pings as heartbeat_pings
from app.operations.heartbeats.pings import IncomingPing, StoredPings

P = ParamSpec("P")
T = TypeVar("T")

# Whoever pings gets an answer in two seconds: the server gives up before that.
_SETTINGS: dict[str, Any] = {
    "connect_timeout": 2,
    "application_name": "alertifypro pings",
    "options": "-c timezone=UTC -c statement_timeout=1200 -c lock_timeout=800"
    " -c idle_in_transaction_session_timeout=5000",
    # A host that vanished is noticed in seconds, not in the quarter of an hour TCP would take.
    "keepalives_idle": 3,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}


class WriterConnection:
    """Connection that is made when it is needed and dropped after any failure."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._connection: psycopg.Connection[Any] | None = None

    def store(self, incoming: Sequence[IncomingPing]) -> StoredPings:
        """Store pings. Raises psycopg errors, after which the next call connects anew."""
        return self._do(heartbeat_pings.store, incoming)

    def renew_beacon(self) -> bool:
        """Prove that pings can be stored; say whether that had not been so. Raises as `store`."""
        return self._do(ingest_beacon.renew)

    def _do(
        self,
        step: Callable[Concatenate[psycopg.Connection[Any], P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        try:
            if self._connection is not None and _has_been_hung_up(self._connection):
                self.close()
            if self._connection is None:
                self._connection = psycopg.connect(self._url, autocommit=True, **_SETTINGS)
                heartbeat_pings.prepare(self._connection)
            return step(self._connection, *args, **kwargs)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Drop the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _has_been_hung_up(connection: psycopg.Connection[Any]) -> bool:
    """Say whether the server has ended an idle connection: only then has it something to say.

    A restarted PostgreSQL must not cost the next ping its place.
    """
    if connection.closed:
        return True
    readable, _, _ = select.select([connection.fileno()], [], [], 0)
    return bool(readable)
