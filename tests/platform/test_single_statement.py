"""A statement of its own transaction: one round trip, and what it leaves of its connection."""

import psycopg
import pytest

from app.platform import pool
from app.platform.extensions import db
from app.platform.transaction import (
    DATABASE_AWAY,
    single_statement,
    single_value,
    transaction,
)


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


@pytest.fixture(params=["session", "each transaction"])
def settings(request, monkeypatch):
    """Where our settings are: in the session, or sent along, as through a pooler."""
    if request.param == "each transaction":
        monkeypatch.setattr(
            "app.platform.transaction.settings_of_each_transaction",
            lambda _connection: ["SET LOCAL statement_timeout = '15000'"],
        )


@pytest.mark.usefixtures("settings")
def test_rows_have_names_and_values_are_filled_in():
    (row,) = single_statement("SELECT %(what)s AS what, 100 %% 7 AS rest", {"what": "it's"})
    assert (row.what, row.rest) == ("it's", 2)
    assert single_value("SELECT %s + 1", (1,)) == 2
    assert single_value("SELECT max(email) FROM users WHERE false") is None


@pytest.mark.usefixtures("settings")
def test_what_it_writes_is_there_at_once_and_what_returns_nothing_returns_no_rows(alice, rows):
    assert single_statement("UPDATE users SET full_name = %s", ("Ada",)) == []
    assert {name for (name,) in rows("SELECT full_name FROM users")} == {"Ada"}


@pytest.mark.usefixtures("settings")
def test_a_statement_that_fails_writes_nothing_and_leaves_a_sound_connection(alice, rows):
    before = rows("SELECT full_name FROM users ORDER BY id")
    with pytest.raises(psycopg.errors.DivisionByZero):
        single_statement("UPDATE users SET full_name = (1 / %s)::text", (0,))
    assert rows("SELECT full_name FROM users ORDER BY id") == before
    with transaction() as tx:
        assert tx.driver.autocommit is False
        assert tx.scalar("SELECT 1") == 1


@pytest.mark.usefixtures("settings")
def test_a_statement_has_its_own_time_which_does_not_stay():
    with pytest.raises(DATABASE_AWAY):
        single_statement("SELECT pg_sleep(60)", timeout_seconds=0.05)
    (shown,) = single_statement("SHOW statement_timeout")
    assert shown.statement_timeout == "15s"


def test_a_connection_that_the_server_has_closed_is_replaced(rows):
    (own,) = single_statement("SELECT pg_backend_pid() AS pid")
    rows("SELECT pg_terminate_backend(%s, 5000)", own.pid)
    (other,) = single_statement("SELECT pg_backend_pid() AS pid")
    assert other.pid != own.pid


def test_a_connection_that_ends_within_a_statement_is_not_used_again(caplog):
    with pytest.raises(DATABASE_AWAY):
        single_statement("SELECT pg_terminate_backend(pg_backend_pid())")
    assert [one for one in caplog.records if one.name.startswith("sqlalchemy")] == []
    assert single_statement("SELECT 1 AS one")[0].one == 1


def test_through_a_pooler_our_settings_are_sent_along():
    with db.engine.connect() as connection:
        driver = connection.connection.driver_connection
        driver.prepare_threshold, kept = None, driver.prepare_threshold
        sent = pool.settings_of_each_transaction(driver)
        driver.prepare_threshold = 5
        assert pool.settings_of_each_transaction(driver) == []
        driver.prepare_threshold = kept
    assert "SET LOCAL statement_timeout = '15000'" in sent
