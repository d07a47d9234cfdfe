"""What a database that is there refuses is no reason to wait for it."""

from uuid import UUID

import psycopg
import pytest

from app.operations.checks import record as checks_record
from app.operations.recorded_check import RecordedCheck
from app.operations.rules import windows as rule_windows
from app.platform.clock import monotonic
from app.platform.transaction import StatementRefusal, refusal, transaction
from tests.factories import make_service
from tests.recording import GREEN, RED, claim_of
from tests.times import now
from tests.waiting import stretched
from workers.recorder import _Recording

STORED = "SELECT count(*) FROM check_results"


class Pipe:
    """A pipe at whose other end the worker waits."""

    def poll(self, _seconds: float) -> bool:
        """Say that the worker has gone, so that a recorder that waits for the database ends."""
        return True


@pytest.fixture
def recording(context):
    return _Recording(context, Pipe())


def outcomes(services, observation=GREEN) -> list[RecordedCheck]:
    return [
        claim_of(UUID(service["id"]), "default", now()).finished(observation, now())
        for service in services
    ]


def first(statement):
    """Return a function like `newest_snapshots` that runs a statement first."""
    real = checks_record.newest_snapshots

    def read(cursor, versions):
        cursor.execute(statement)
        return real(cursor, versions)

    return read


def test_rules_that_take_too_long_do_not_stop_the_recorder(recording, alice, rows, monkeypatch):
    services = [make_service(alice, name=f"Shop {number}") for number in range(3)]
    condition = {"metric": "uptime_percentage", "operator": "<", "value": 90, "window_minutes": 600}
    body = {"name": "Slow", "severity": "critical", "condition": condition}
    assert alice.post("/alert-rules", body | {"service_id": services[1]["id"]}).status_code == 201

    def slow(tx, _asks):
        tx.driver.execute("SET LOCAL statement_timeout = 50; SELECT pg_sleep(10)")

    monkeypatch.setattr(rule_windows, "statistics", slow)
    began_at = monotonic()
    recording.insist(outcomes(services, RED), now())
    assert monotonic() - began_at < stretched(9)
    assert rows(STORED) == [(3,)]
    # What the latest result settles alone is paged all the same.
    assert {alert["title"] for alert in alice.get("/alerts").json} == {
        "Service down Triggered by Check"
    }
    assert len(alice.get("/alerts").json) == 3


def test_a_locked_row_holds_up_nobody_else(recording, alice, rows, database_url, monkeypatch):
    services = [make_service(alice, name=f"Shop {number}") for number in range(4)]
    batch = outcomes(services)
    short = first("SET LOCAL lock_timeout = 50")
    monkeypatch.setattr(checks_record, "newest_snapshots", short)
    with psycopg.connect(database_url) as rival:
        rival.execute(
            "SELECT FROM schedule_entries WHERE service_id = %s FOR UPDATE", (services[2]["id"],)
        )
        recording.insist(batch, now())
    assert rows(STORED) == [(3,)]
    recording.insist(batch, now())
    assert rows(STORED) == [(4,)]


def test_a_database_that_ends_the_connection_is_waited_for(recording, alice, rows, monkeypatch):
    batch = outcomes([make_service(alice)])
    ending = first("SELECT pg_terminate_backend(pg_backend_pid())")
    monkeypatch.setattr(checks_record, "newest_snapshots", ending)
    with pytest.raises(EOFError):
        recording.insist(batch, now())
    assert rows(STORED) == [(0,)]
    monkeypatch.undo()
    recording.insist(batch, now())
    assert rows(STORED) == [(1,)]


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (
            "SET LOCAL statement_timeout = 20; SELECT pg_sleep(5)",
            StatementRefusal.STATEMENT_TIMEOUT,
        ),
        ("SELECT pg_terminate_backend(pg_backend_pid())", None),
    ],
)
def test_what_the_driver_calls_operational_is_told_apart(context, statement, why):
    with pytest.raises(psycopg.OperationalError) as raised, transaction() as tx:
        tx.driver.execute(statement)
    assert refusal(raised.value) is why


def test_a_deadlock_is_tried_again(recording, alice, rows, monkeypatch):
    batch = outcomes([make_service(alice)])
    real = checks_record.record
    tries = []

    def once_in_a_circle(batch, now, **options):
        tries.append(len(batch))
        if len(tries) == 1:
            raise psycopg.errors.DeadlockDetected("deadlock detected")
        return real(batch, now, **options)

    monkeypatch.setattr(checks_record, "record", once_in_a_circle)
    recording.insist(batch, now())
    assert tries == [1, 1]
    assert rows(STORED) == [(1,)]
