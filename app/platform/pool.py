"""Pool of database connections that hands out none the server has closed, nor one of a parent.

To ask the server at every use, as SQLAlchemy's `pool_pre_ping` does, is one round trip of about
five in a small transaction. An idle connection has nothing to read; one whose server ended it has.
So the server is asked only then, and after a time in which a firewall may have forgotten it. What a
fork inherits is its parent's: two processes that use one connection read each other's answers.
"""

import os
import select
from contextlib import suppress
from typing import Any

import psycopg
from gevent import monkey
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError, OperationalError

from app.platform.clock import monotonic

# What PostgreSQL says of files on a read-only file system (`errcode_for_file_access`), and a server
# that became a standby: neither is the fault of a statement.
CANNOT_WRITE = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)
_IDLE_SECONDS = 10.0
_IDLE_SINCE = "idle since"  # in the pool's own notes of a connection
_PID = "pid"  # of the process that made it, in the same notes

# gevent's would take a turn of its loop; this one is asked for nothing but what is there already.
_poll = monkey.get_original("select", "poll")


# A server's process for a connection takes two to five megabytes; one that was needed for a moment,
# as many are at the start, goes after this time. It is longer than the one after which we ask.
_AT_CONNECT = {"idle_session_timeout": "12000"}
_SETTINGS = {"timezone": "UTC", "statement_timeout": "15000", "lock_timeout": "5000"}
_SET_LOCAL = [f"SET LOCAL {name} = '{value}'" for name, value in _SETTINGS.items()]


def settings_at_connect(*, is_pooled: bool) -> dict[str, Any]:
    """Return the arguments of the driver that make a session ours.

    A pooler in transaction mode (PgBouncer) knows no `options`, and what is prepared in a session
    is not there in the next transaction, which another session carries out.
    """
    if is_pooled:
        return {"prepare_threshold": None}
    settings = _SETTINGS | _AT_CONNECT
    return {"options": " ".join(f"-c {name}={value}" for name, value in settings.items())}


def set_at_begin(engine: Engine) -> None:
    """Have each transaction begin with our settings, whichever session carries it out."""

    def set_local(connection: Connection) -> None:
        connection.exec_driver_sql("; ".join(_SET_LOCAL))

    event.listen(engine, "begin", set_local)


def settings_of_each_transaction(connection: psycopg.Connection[Any]) -> list[str]:
    """Return the statements that a transaction begins with, where the session has no settings."""
    return [] if connection.prepare_threshold is not None else list(_SET_LOCAL)


def call_it_away(engine: Engine) -> None:
    """Have a database that cannot write be one that is away, by SQLAlchemy's names of errors too.

    Both would be faults of the statement, which is tried again otherwise, and then left out.
    """

    def rename(context: ExceptionContext) -> None:
        cause = context.original_exception
        if isinstance(cause, CANNOT_WRITE):
            raise OperationalError(context.statement, context.parameters, cause) from cause

    event.listen(engine, "handle_error", rename)


def keep_prepared(engine: Engine) -> None:
    """Have a connection keep what it has prepared when a transaction is given up that went well.

    The driver forgets all of it at a rollback, which may have undone an ALTER; so whoever was
    answered 404 had the next requests plan each of their statements five times more. What we refuse
    alters no table. After a statement that failed it forgets as it would: what was prepared
    may be why.
    """

    def roll_back(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        if not isinstance(driver, psycopg.Connection):
            return
        if driver.info.transaction_status is not TransactionStatus.INTRANS:
            return
        threshold, driver.prepare_threshold = driver.prepare_threshold, None
        try:
            # The driver, and so SQLAlchemy, finds no transaction to roll back any more.
            with suppress(psycopg.Error):  # which they meet as well, and know what to do
                driver.execute("ROLLBACK")
        finally:
            driver.prepare_threshold = threshold

    event.listen(engine, "rollback", roll_back)


def check_at_checkout(engine: Engine) -> None:
    """Have an engine try a connection before its use where it may be closed.

    One that is closed is replaced, and so are all others that are as old, when they come up; but
    not for one that was idle for too long, which says nothing about them. One that another process
    made, whose fork this is, is left to that process and replaced here.
    """

    def own(_connection: psycopg.Connection[Any], record: Any) -> None:
        record.info[_PID] = os.getpid()

    def note(_connection: psycopg.Connection[Any] | None, record: Any) -> None:
        record.info[_IDLE_SINCE] = monotonic()

    def try_out(connection: psycopg.Connection[Any], record: Any, proxy: Any) -> None:
        if record.info[_PID] != os.getpid():
            record.dbapi_connection = proxy.dbapi_connection = None  # not closed: it is in use
            raise DisconnectionError("a connection of the parent process")
        idle_since = record.info.get(_IDLE_SINCE)
        if idle_since is None:
            return  # made just now
        if monotonic() - idle_since < _IDLE_SECONDS and not _has_something_to_read(connection):
            return
        try:
            engine.dialect.do_ping(connection)  # type: ignore[arg-type]
        except psycopg.errors.IdleSessionTimeout as error:
            raise DisconnectionError(str(error)) from error
        except psycopg.Error as error:
            raise InvalidatePoolError(str(error)) from error

    event.listen(engine, "connect", own)
    event.listen(engine, "checkin", note)
    event.listen(engine, "checkout", try_out)


def _has_something_to_read(connection: psycopg.Connection[Any]) -> bool:
    if connection.closed:
        return True
    poll = _poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
