"""The only `commit()` of the program."""

import logging
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

import psycopg
from psycopg.rows import namedtuple_row, scalar_row
from sqlalchemy import exc
from sqlalchemy.orm import Session

from app.platform.extensions import db
from app.platform.pool import CANNOT_WRITE, settings_of_each_transaction

log = logging.getLogger(__name__)

T = TypeVar("T")
Values = Mapping[str, Any] | Sequence[Any] | None

# Where transactions take place, None: in the session of the primary.
_session: ContextVar[Session | None] = ContextVar("session", default=None)
_OUTER = "enclosing transaction"  # in the session's own dictionary

# The database is away, overloaded or asked us to try again; nothing is wrong with the data.
DATABASE_AWAY = (
    psycopg.OperationalError,
    *CANNOT_WRITE,
    exc.OperationalError,
    exc.InterfaceError,
    exc.TimeoutError,
    exc.PendingRollbackError,
)


class StatementRefusal(StrEnum):
    """Reason why a database that is there did not carry out a statement; see `refusal`."""

    STATEMENT_TIMEOUT = "statement timeout"
    LOCK_TIMEOUT = "lock timeout"
    CONFLICT = "deadlock or serialization failure"


_REFUSALS = {
    psycopg.errors.QueryCanceled.sqlstate: StatementRefusal.STATEMENT_TIMEOUT,
    psycopg.errors.LockNotAvailable.sqlstate: StatementRefusal.LOCK_TIMEOUT,
    psycopg.errors.DeadlockDetected.sqlstate: StatementRefusal.CONFLICT,
    psycopg.errors.SerializationFailure.sqlstate: StatementRefusal.CONFLICT,
}


def refusal(error: BaseException) -> StatementRefusal | None:
    """Return why the database refused one of the DATABASE_AWAY errors; None: it is away.

    By the SQLSTATE (PostgreSQL manual, appendix A): the driver calls all of them operational, but
    a statement that takes too long takes too long the next time as well.
    """
    cause = error.orig if isinstance(error, exc.DBAPIError) else error
    return _REFUSALS.get(getattr(cause, "sqlstate", None))


class Transaction:
    """The open transaction: its session, and what to do once it is durable."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._after_commit: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        self._known: dict[Hashable, Any] | None = None
        self._now: datetime | None = None

    @contextmanager
    def in_bulk(self) -> Iterator[None]:
        """Write what the session holds in few statements, and read once what `known` reads.

        Whoever asks the database for what may be waiting in the session flushes it first.
        """
        self._known = {}
        try:
            with self.session.no_autoflush:
                yield
        finally:
            self._known = None

    def known(self, key: Hashable, read: Callable[[], T]) -> T:
        """Return what `read` returns; within `in_bulk` it is called once for each key.

        For what this transaction does not change meanwhile, and has locked where others may.
        """
        if self._known is None:
            return read()
        if key not in self._known:
            self._known[key] = read()
        result: T = self._known[key]
        return result

    def after_commit(self, function: Callable[..., Any], *args: Any) -> None:
        """Call `function(*args)` after the commit; for hints and live events, which may be lost."""
        self._after_commit.append((function, args))

    def after_commit_once(self, function: Callable[..., Any], *args: Any) -> None:
        """Call `function(*args)` after the commit, however often this is asked for."""
        if (function, args) not in self._after_commit:
            self._after_commit.append((function, args))

    def now(self) -> datetime:
        """Return the time at which this transaction began, by the database's clock."""
        if self._now is None:  # the same as long as it lasts: the operation asks several times
            (self._now,) = self.scalars("SELECT now()")
        return self._now

    @property
    def driver(self) -> psycopg.Connection[Any]:
        """The psycopg connection of this transaction, for COPY and bulk statements."""
        connection = self.session.connection().connection.driver_connection
        if not isinstance(connection, psycopg.Connection):
            raise TypeError("the database driver is not psycopg")
        return connection

    def rows(self, statement: str, values: Values = None) -> list[Any]:
        """Return the rows of a statement of the driver, whose columns have names."""
        return self.driver.cursor(row_factory=namedtuple_row).execute(statement, values).fetchall()

    def row(self, statement: str, values: Values = None) -> Any | None:
        """Return the first row of a statement of the driver by name, None where there is none."""
        return self.driver.cursor(row_factory=namedtuple_row).execute(statement, values).fetchone()

    def scalars(self, statement: str, values: Values = None) -> list[Any]:
        """Return the first column of the rows of a statement of the driver."""
        return self.driver.cursor(row_factory=scalar_row).execute(statement, values).fetchall()

    def scalar(self, statement: str, values: Values = None) -> Any | None:
        """Return the first column of a statement's first row, None where there is none."""
        return self.driver.cursor(row_factory=scalar_row).execute(statement, values).fetchone()


@contextmanager
def transaction() -> Iterator[Transaction]:
    """Open one transaction for one operation; commit at the end, roll back on any exception.

    Within `enclosing_transaction` it is a part of that one, which is committed as a whole.
    """
    session = _session.get() or db.session()
    outer = session.info.get(_OUTER)
    if isinstance(outer, Transaction):
        yield outer
        session.flush()  # statements of the driver must see it
        return
    tx = Transaction(session)
    try:
        yield tx
        tx.session.commit()
    except BaseException:
        _roll_back(tx.session)
        raise
    _call_after_commit(tx)


def single_statement(
    statement: str, values: Values = None, *, timeout_seconds: float | None = None
) -> list[Any]:
    """Return the rows of one statement of the driver, which is a transaction of its own.

    It is one round trip, without a session, BEGIN and COMMIT: for what is asked every second,
    mostly in vain. Columns have names; `timeout_seconds` is for the statement, the usual one if
    None.
    """
    pooled = db.engine.raw_connection()
    try:
        driver = pooled.driver_connection
        if not isinstance(driver, psycopg.Connection):
            raise TypeError("the database driver is not psycopg")
        settings = settings_of_each_transaction(driver)
        if timeout_seconds is not None:
            settings.append(f"SET LOCAL statement_timeout = {int(timeout_seconds * 1000)}")
        driver.autocommit = True
        try:
            if not settings:
                cursor = driver.cursor(row_factory=namedtuple_row)
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
            # Statements that travel as one string are one transaction; the driver fills it in.
            cursor = psycopg.ClientCursor(driver, row_factory=namedtuple_row)
            cursor.execute("; ".join([*settings, statement]), values)
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []
        finally:
            if driver.closed:
                pooled.invalidate()  # else the pool would roll back, and log that it cannot
            else:
                driver.autocommit = False
    finally:
        pooled.close()


def single_value(statement: str, values: Values = None) -> Any:
    """Return the one value that one statement answers with, as `single_statement` runs it."""
    ((value,),) = single_statement(statement, values)
    return value


@contextmanager
def enclosing_transaction() -> Iterator[Transaction]:
    """Open one transaction for many operations: all of them count, or none does."""
    with transaction() as tx:
        tx.session.info[_OUTER] = tx
        try:
            yield tx
        finally:
            del tx.session.info[_OUTER]


@contextmanager
def transactions_in(session: Session) -> Iterator[None]:
    """Have all transactions within this block take place in a session of another database."""
    token = _session.set(session)
    try:
        yield
    finally:
        _session.reset(token)


def _call_after_commit(tx: Transaction) -> None:
    for function, args in tx._after_commit:
        try:
            function(*args)
        except Exception:
            # The work is durable; ticks and repair find what a lost hint would have said.
            log.exception("after-commit step failed: %s", function.__qualname__)


def _roll_back(session: Session) -> None:
    try:
        session.rollback()
    except DATABASE_AWAY:
        session.invalidate()  # the connection is broken: the pool must not hand it out again
