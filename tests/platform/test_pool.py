"""Connections of the pool: none that the server has closed is handed out, nor one of a parent."""

import os
import select

import psycopg
import pytest
from sqlalchemy import text

from app.platform import pool
from app.platform.errors import NotFound
from app.platform.extensions import db
from app.platform.transaction import DATABASE_AWAY, transaction
from tests.waiting import stretched

_LATEST_STATEMENT = "SELECT query FROM pg_stat_activity WHERE pid = %s"


def _driver() -> psycopg.Connection:
    """Return the driver's connection that the pool hands out next; it goes back at once."""
    with db.engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
    return driver


@pytest.fixture(autouse=True)
def one_connection(app):
    """A pool that begins empty: with two connections at rest it hands out each in turn."""
    with app.app_context():
        db.engine.dispose()


def test_a_connection_is_used_again(app):
    with app.app_context():
        assert _driver() is _driver()


def test_one_that_the_server_ended_is_replaced_without_an_error(app, database_url):
    with app.app_context():
        before = _driver()
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (before.info.backend_pid,))
        assert _driver().execute("SELECT 1").fetchone() == (1,)
        assert _driver() is not before


def test_one_that_was_idle_for_too_long_is_replaced_and_the_others_stay(app):
    with app.app_context():
        with db.engine.connect() as first, db.engine.connect() as second:
            idle = first.connection.driver_connection
            other = second.connection.driver_connection
            idle.autocommit = True
            idle.execute("SET idle_session_timeout = 20")
            idle.autocommit = False
        assert select.select([idle.fileno()], [], [], stretched(10))[0], "the server ends it"
        with db.engine.connect() as first, db.engine.connect() as second:
            found = [one.connection.driver_connection for one in (first, second)]
            assert [one.execute("SELECT 1").fetchone() for one in found] == [(1,), (1,)]
        assert other in found
        assert idle not in found


def test_the_server_ends_connections_that_nobody_needs(app):
    with app.app_context():
        timeout = _driver().execute("SELECT current_setting('idle_session_timeout')").fetchone()
    assert timeout == ("12s",)


def test_a_fork_makes_a_connection_of_its_own(app):
    """Two processes that use one connection read each other's answers."""
    with app.app_context():
        before = _driver()
        readable, writable = os.pipe()
        if not (pid := os.fork()):
            try:
                os.write(writable, str(_driver().info.backend_pid).encode())
            finally:
                os._exit(0)
        os.close(writable)
        os.waitpid(pid, 0)
        with os.fdopen(readable) as answer:
            backend = int(answer.read())
        assert backend != before.info.backend_pid
        assert _driver() is before, "the fork left it alone"
        assert before.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize(("idle_seconds", "is_asked"), [(30.0, False), (0.0, True)])
def test_the_server_is_asked_only_after_a_rest(
    app, database_url, monkeypatch, idle_seconds, is_asked
):
    monkeypatch.setattr(pool, "_IDLE_SECONDS", idle_seconds)
    with app.app_context(), psycopg.connect(database_url) as other:
        driver = _driver()
        driver.autocommit = True
        driver.execute("SELECT 'before'")
        driver.autocommit = False
        assert _driver() is driver
        row = other.execute(_LATEST_STATEMENT, (driver.info.backend_pid,)).fetchone()
    assert row is not None
    assert (row[0] != "SELECT 'before'") is is_asked


@pytest.mark.parametrize("by", ["the driver", "SQLAlchemy"])
@pytest.mark.parametrize("why", ["a read-only file system", "a server that became a standby"])
def test_a_database_that_cannot_write_is_away(app, by, why):
    """Nothing is wrong with the statement: it is not left out for failing, and a client waits."""
    sqlstate = "42501" if why == "a read-only file system" else "25006"
    statement = f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{sqlstate}'; END $$"

    def run():
        with transaction() as tx:
            if by == "SQLAlchemy":
                tx.session.execute(text(statement))
            else:
                tx.driver.execute(statement)

    with app.app_context(), pytest.raises(DATABASE_AWAY):
        run()


def _count_prepared():
    """Return how many statements the next connection has prepared."""
    driver = _driver()
    driver.autocommit = True
    try:
        statement = "SELECT count(*) FROM pg_prepared_statements"
        (found,) = driver.execute(statement, prepare=False).fetchone()
    finally:
        driver.autocommit = False
    return found


def _read(number):
    with transaction() as tx:
        for _ in range(7):  # the driver prepares what it has run five times
            tx.scalar("SELECT %s::int + 1", (number,))


def _refuse():
    with transaction() as tx:
        tx.session.execute(text("CREATE TEMPORARY TABLE undone (id int)"))
        tx.scalar("SELECT 1")
        raise NotFound


def test_a_refusal_leaves_what_was_prepared_and_nothing_else(app):
    with app.app_context():
        _read(1)
        with pytest.raises(NotFound):
            _refuse()
        assert _count_prepared() == 1
        assert _driver().prepare_threshold == 5
        with transaction() as tx:
            assert tx.scalar("SELECT to_regclass('undone')") is None


def test_after_a_statement_that_failed_nothing_stays_prepared(app):
    with app.app_context():
        _read(1)
        before = _driver()
        with pytest.raises(psycopg.errors.DivisionByZero), transaction() as tx:
            tx.scalar("SELECT 1 / 0")
        assert _driver() is before
        assert _count_prepared() == 0


def _end_then_refuse(database_url):
    with transaction() as tx:
        pid = tx.scalar("SELECT pg_backend_pid()")
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        raise NotFound


def test_a_connection_that_breaks_before_a_refusal_is_replaced(app, database_url):
    with app.app_context():
        before = _driver()
        with pytest.raises(NotFound):
            _end_then_refuse(database_url)
        with transaction() as tx:
            assert tx.scalar("SELECT 1") == 1
        assert _driver() is not before
