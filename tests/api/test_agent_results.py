"""/agent/results: late ones for figures alone; what cannot be read or cannot be is refused."""

from datetime import datetime, timedelta

import psycopg
import pytest

from app.platform.events import timestamp
from tests.agents import make_location, result_of
from tests.alerting import RED, make_rule
from tests.factories import make_service


@pytest.fixture
def location(configure, alice):
    configure(plan_limits=False)
    return make_location(alice)


@pytest.fixture
def service(alice, location):
    return make_service(alice, regions=[location["region"]])


def test_a_late_result_is_stored_for_figures_and_evaluated_by_nobody(agent, service, alice, rows):
    make_rule(alice, condition=RED)
    (claim,) = agent.claims()["claims"]
    agent.deliver(result_of(claim))
    rows("UPDATE check_results SET scheduled_for = scheduled_for - interval '10 minutes'")
    due = datetime.fromisoformat(claim["scheduled_for"])
    late = [
        result_of(
            claim,
            "RED",
            lease_token=None,
            scheduled_for=timestamp(due - timedelta(minutes=minutes)),
            checked_at=timestamp(due - timedelta(minutes=minutes)),
        )
        for minutes in (5, 4, 3)
    ]
    outcome = {"judged": 0, "late": 3, "dropped": 0, "too_early": 0}
    assert agent.deliver(*late) == outcome
    assert agent.deliver(*late) == {**outcome, "late": 0, "dropped": 3}
    stored = rows("SELECT status, consecutive_failures FROM check_results ORDER BY scheduled_for")
    assert stored == [("GREEN", None), ("RED", 1), ("RED", 2), ("RED", 3)]
    assert alice.get(f"/services/{service['id']}").json["status"] == "GREEN"
    assert alice.get("/alerts").json == []


def test_a_late_result_waits_while_its_due_time_is_somebody_elses(app, agent, location, service):
    (claim,) = agent.claims()["claims"]
    late = result_of(claim, "RED", lease_token=None)
    assert agent.deliver(late)["too_early"] == 1
    assert agent.deliver(result_of(claim))["judged"] == 1
    assert agent.deliver(late) == {"judged": 0, "late": 0, "dropped": 1, "too_early": 0}


def test_late_results_follow_thresholds(agent, alice, location, rows):
    make_service(alice, regions=[location["region"]], failure_threshold=3, recovery_threshold=1)
    (claim,) = agent.claims()["claims"]
    agent.deliver(result_of(claim))
    rows("UPDATE check_results SET scheduled_for = scheduled_for - interval '10 minutes'")
    due = datetime.fromisoformat(claim["scheduled_for"])
    times = [timestamp(due - timedelta(minutes=minutes)) for minutes in (5, 4, 3)]
    agent.deliver(
        *(
            result_of(claim, "RED", lease_token=None, scheduled_for=at, checked_at=at)
            for at in times
        )
    )
    settled = rows(
        "SELECT coalesce(settled_status, status) FROM check_results ORDER BY scheduled_for"
    )
    assert settled == [("GREEN",), ("GREEN",), ("GREEN",), ("RED",)]


def test_what_was_edited_meanwhile_is_not_stored(agent, service, alice, rows):
    (claim,) = agent.claims()["claims"]
    alice.patch(f"/services/{service['id']}", {"endpoint": "https://other.example.com/"})
    assert agent.deliver(result_of(claim))["dropped"] == 1
    assert rows("SELECT count(*) FROM check_results") == [(0,)]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "PURPLE"},
        {"scheduled_for": "yesterday"},
        {"scheduled_for": "2026-03-02T14:00:00"},
        {"response_time_ms": -1},
        {"response_time_ms": "NaN"},
        {"status_code": 10**9},
        {"phases": ["x"]},
        {"service_id": "x"},
        {"certificate": {}},
    ],
)
def test_what_cannot_be_read_is_refused(agent, service, changes, rows):
    (claim,) = agent.claims()["claims"]
    answer = agent.call("results", {"results": [result_of(claim) | changes]})
    assert answer.status_code == 422, answer.text
    assert rows("SELECT count(*) FROM check_results") == [(0,)]


def test_times_that_cannot_be_are_dropped(agent, service, rows):
    (claim,) = agent.claims()["claims"]
    for at in ("2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"):
        assert agent.deliver(result_of(claim, scheduled_for=at))["dropped"] == 1
        assert agent.deliver(result_of(claim, checked_at=at))["dropped"] == 1
    assert rows("SELECT count(*) FROM check_results") == [(0,)]


def test_alerts_that_begin_and_end_together_take_few_statements_each(
    agent, alice, location, connection, monkeypatch
):
    count, seen, execute = 40, [], psycopg.Cursor.execute

    def note(cursor, statement, *args, **options):
        seen.append(statement)
        return execute(cursor, statement, *args, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", note)
    for number in range(count):
        make_service(alice, name=f"Shop {number}", regions=[location["region"]])
    agent.deliver(*map(result_of, agent.claims()["claims"]))

    def statements_of(status):
        connection.execute("UPDATE schedule_entries SET next_due_at = now()")
        claims = agent.claims()["claims"]
        assert len(claims) == count
        seen.clear()
        agent.deliver(*[result_of(claim, status) for claim in claims])
        return len(seen)

    began, ended = statements_of("RED"), statements_of("GREEN")
    assert connection.execute("SELECT count(*) FROM alerts").fetchone() == (count,)
    assert (began < 2 * count, ended < 5 * count) == (True, True), (began, ended)
