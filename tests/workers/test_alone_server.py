"""Checks that run alone, forked from a process that is there already; a database that is away."""

import pickle

import pytest
from psycopg import OperationalError
from psycopg.errors import QueryCanceled

from app.operations.checks import claim as checks_claim
from tests.factories import make_service
from workers import alone_forks, check_quarantine
from workers.alone_forks import EXCUSED
from workers.alone_server import AloneServer
from workers.isolation import AloneRunner, AloneServerGone, ExcusedAloneError

DONE = pickle.dumps([None])


@pytest.fixture
def claim(context, alice):
    make_service(alice, check_type="TCP", endpoint="127.0.0.1:9")
    (found,) = checks_claim.claim("default", 10).claims
    return found._replace(rules=())


@pytest.fixture
def server(context):
    started = AloneServer(context)
    yield started
    started.kill()


def test_checks_are_made_and_recorded_in_forks_of_the_server(server, claim, rows):
    runner = AloneRunner("check", server)
    runner.run(claim, 30.0)
    assert rows("SELECT status FROM check_results") == [("RED",)]
    runner.run(claim, 30.0)  # its lease is over: it writes nothing
    assert rows("SELECT count(*) FROM check_results") == [(1,)]


def test_a_server_that_has_ended_says_so(server, claim):
    server.kill()
    with pytest.raises(AloneServerGone):
        server.run([claim], 5.0, 10.0)


def test_without_its_server_a_check_gets_a_process_of_its_own(server, claim, monkeypatch):
    server.kill()
    started = []
    monkeypatch.setattr("workers.isolation._start", lambda *all: started.append(all) or DONE)
    AloneRunner("check", server).run(claim, 5.0)
    assert [all[:2] for all in started] == [("check", [claim])]


def test_no_work_is_to_blame_for_a_database_that_is_away():
    def do(error):
        raise error

    away, dear = alone_forks.each(do, [OperationalError("connection failed"), QueryCanceled()], 9.0)
    assert away == EXCUSED
    assert "QueryCanceled" in dear, "what the work asked took too long"


def test_a_check_alone_waits_for_the_database(context, claim, monkeypatch, rows):
    outcomes = [ExcusedAloneError(), OperationalError("connection failed"), None]

    def run(runner, work, seconds):
        if error := outcomes.pop(0):
            raise error

    monkeypatch.setattr(check_quarantine, "_AWAY_SECONDS", 0.0)
    monkeypatch.setattr(AloneRunner, "run", run)
    known = check_quarantine.CheckQuarantine()

    def call(function, *arguments):
        with context.app_context():
            return function(*arguments)

    assert known.run_alone(claim, AloneRunner("check"), call) is None
    assert outcomes == []
    assert rows("SELECT losses FROM quarantine") == []
