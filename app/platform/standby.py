"""The standby that DATABASE_READ_URL names: when reads may go to it, and its sessions.

It lags behind. So it answers nobody who, or whose organization, changed something a moment ago,
and nothing at all while it lags too far, is away, or is no standby any more. Who writes leaves a
mark in Redis that lasts longer than the lag which is let pass.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
from redis import Redis, RedisError
from sqlalchemy import Engine, exc, text
from sqlalchemy.orm import sessionmaker

from app.platform.clock import monotonic
from app.platform.transaction import transactions_in

log = logging.getLogger(__name__)

MAX_LAG_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 1.0
# Longer than the lag let pass, the time until it is looked at again, and some skew of the clocks.
_WRITTEN_SECONDS = 10
_AWAY_SECONDS = 15.0

# By the time of the last commit that it has replayed: what was committed before is there. The
# position in the log says less, because a standby that is cut off knows of nothing newer.
_LAG = text("SELECT extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8")
_IS_STANDBY = text("SELECT pg_is_in_recovery()")
_CLUSTER = text("SELECT system_identifier FROM pg_control_system()")  # a copy keeps its primary's


class Standby:
    """Gate to one standby: who may be answered from it, and the session to do it in."""

    def __init__(self, engine: Engine, primary: Engine, redis: Redis) -> None:
        self._engine = engine
        self._primary = primary
        self._cluster: int | None = None
        self._redis = redis
        self._sessions = sessionmaker(engine, expire_on_commit=False)
        self._look_at = 0.0
        self._obstacle: str | None = "it was not asked yet"

    def note_writes(self, *ids: UUID) -> None:
        """Have these people and organizations read the primary until the standby has caught up."""
        pipeline = self._redis.pipeline(transaction=False)
        for id in ids:
            pipeline.set(_written_key(id), 1, ex=_WRITTEN_SECONDS)
        try:
            pipeline.execute()
        except RedisError as error:
            # Nobody is answered from the standby while Redis cannot say who has written.
            log.warning("writes are not noted: Redis is away", extra={"why": str(error)[:200]})

    def may_answer(self, *ids: UUID) -> bool:
        """True when none of these has just written, and the standby is there and close behind."""
        return self._is_close() and not self._has_written(*ids)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let every transaction within this block read the standby; it takes no writes."""
        with self._sessions() as session, transactions_in(session):
            yield

    def leave_alone(self, why: str) -> None:
        """Send reads to the primary for a while, because the standby did not answer."""
        self._settle(why)
        self._look_at = monotonic() + _AWAY_SECONDS

    def _has_written(self, *ids: UUID) -> bool:
        try:
            return any(self._redis.mget(list(map(_written_key, ids))))
        except RedisError:
            return True

    def _is_close(self) -> bool:
        now = monotonic()
        if now >= self._look_at:
            self._look_at = now + _LOOK_AGAIN_SECONDS  # others go on as it was meanwhile
            try:
                self._settle(self._found_obstacle())
            except (exc.SQLAlchemyError, psycopg.Error) as error:
                self.leave_alone(str(error).strip().partition("\n")[0])
        return self._obstacle is None

    def _found_obstacle(self) -> str | None:
        if self._cluster is None:
            with self._primary.connect() as connection:
                self._cluster = connection.scalar(_CLUSTER)
        with self._engine.connect() as connection:
            if not connection.scalar(_IS_STANDBY):
                return "it is no standby"
            if connection.scalar(_CLUSTER) != self._cluster:
                return "it is the standby of another database"
            lag = connection.scalar(_LAG)
        if lag is None or lag > MAX_LAG_SECONDS:
            return "it lags behind"
        return None

    def _settle(self, obstacle: str | None) -> None:
        if obstacle == self._obstacle:
            return
        self._obstacle = obstacle
        if obstacle is None:
            log.info("reads go to the standby")
        else:
            log.warning("reads go to the primary, not to the standby", extra={"why": obstacle})


def _written_key(id: UUID) -> str:
    return f"written:{{{id}}}"
