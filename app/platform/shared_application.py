"""Application that is made once before forks, which share its memory.

A fork copies each page of memory that it writes to, and Python writes to what it only reads: counts
of references, and code that it specializes as it runs (PEP 659). So what every process does first
is done here, several times, and what that opened is closed again: forks inherit no connection.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

import psycopg
from flask import Flask
from redis import RedisError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app.models.organization import Organization
from app.platform.bootstrap import bootstrap, runtime, warm_up
from app.platform.clock import monotonic
from app.platform.errors import ConfigError
from app.platform.extensions import db
from app.platform.transaction import transaction

_ROUNDS = 10  # code is specialized once it has run eight times
_MOST_SECONDS = 5.0  # whatever is slow must not keep the product from starting

_shared: Flask | None = None


def make(reads: Sequence[Callable[[], object]] = ()) -> None:
    """Make the application for forks to come. With wrong settings there is none: they say so.

    `reads` are functions that its forks call all the time, and that change nothing.
    """
    global _shared
    with suppress(ConfigError):
        _shared = bootstrap()
        warm_up(_shared)
        with _shared.app_context():
            _rehearse(reads)


def application() -> Flask:
    """Return the application that was made before the fork, else a new one. Raises ConfigError."""
    return _shared or bootstrap()


def _rehearse(reads: Sequence[Callable[[], object]]) -> None:
    rehearse_queries(reads, _MOST_SECONDS)
    hints = runtime().hints
    with suppress(RedisError):
        for _ in range(_ROUNDS):
            hints.redis.ping()
            hints.depths()
            hints.installed()
        hints.rehearse(_ROUNDS)
    close_connections()


def rehearse_queries(reads: Sequence[Callable[[], object]], most_seconds: float) -> None:
    """Ask the database, and call functions that only read, some times within an application
    context; their connections stay. Ends early where that takes long.

    Whatever the database refuses, the forks meet and report themselves.
    """
    end = monotonic() + most_seconds
    with suppress(psycopg.Error, SQLAlchemyError):
        for _ in range(_ROUNDS):
            with transaction() as tx:
                tx.scalar("SELECT 1")
                tx.rows("SELECT 1 AS one")
                tx.session.scalars(select(Organization).limit(1)).all()
            for read in reads:
                read()
            if monotonic() > end:
                break


def close_connections() -> None:
    """Close what the current application has opened: a fork that comes is to inherit nothing."""
    for engine in db.engines.values():
        engine.dispose()
    runtime().redis.connection_pool.disconnect()
