"""Lock of the one process that notifies operators directly, and who takes over."""

import pytest

from tests.flows.product import seconds_until
from workers.operator_lock import OperatorLock


@pytest.fixture
def locks(app):
    """Two of them, with a clock of the test's own, and how to end their sessions."""
    at = [0.0]
    url = app.extensions["runtime"].config.database_direct_url
    found = [OperatorLock(url, clock=lambda: at[0]) for _ in range(2)]
    yield *found, at
    for one in found:
        one.release()


def test_another_process_notifies_once_the_one_that_did_is_gone(locks):
    first, second, _ = locks
    assert [first.is_ours(), second.is_ours(), first.is_ours()] == [True, False, True]
    first.release()
    seconds_until(second.is_ours, 10)  # its session ends in a moment
    second.release()
    unreachable = OperatorLock("postgresql://nobody@127.0.0.1:9/nothing")
    assert unreachable.is_ours(), "twice is better than never"


def test_whoever_notified_goes_on_when_the_database_was_away(locks):
    first, second, at = locks
    assert [first.is_ours(), second.is_ours()] == [True, False]
    for lock in (first, second):  # as by a database that crashed: every lock is gone
        lock._connection.close()
    assert [second.is_ours(), second.is_ours()] == [False, False], "it is back, and free"
    assert [first.is_ours(), first.is_ours()] == [True, True]
    at[0] = 61.0
    assert not second.is_ours()
    first.release()
    seconds_until(second.is_ours, 10)  # its session ends in a moment


def test_another_process_notifies_if_the_one_that_did_does_not_come_back(locks):
    first, second, at = locks
    assert [first.is_ours(), second.is_ours()] == [True, False]
    for lock in (first, second):
        lock._connection.close()
    second.is_ours()
    assert not second.is_ours()
    at[0] = 61.0
    assert second.is_ours()
    first.is_ours()
    assert not first.is_ours()


def test_one_process_of_a_machine_notifies_when_nobody_could_ask_the_database(tmp_path):
    away = "postgresql://nobody@127.0.0.1:9/nothing"
    first, second = OperatorLock(away, tmp_path), OperatorLock(away, tmp_path)
    assert [first.is_ours(), second.is_ours(), first.is_ours()] == [True, False, True]
    first.release()
    assert second.is_ours()
    second.release()
    assert OperatorLock(away, tmp_path / "that is not there").is_ours()
