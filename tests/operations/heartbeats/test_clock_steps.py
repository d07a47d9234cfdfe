"""A clock that was ahead and is set right: a job that goes silent is found out in its time."""

from datetime import timedelta

import pytest

from app.operations.heartbeats import heartbeats
from app.platform.clock import utcnow
from tests.heartbeats import make_heartbeat

AHEAD = timedelta(hours=2)


@pytest.fixture
def was_ahead(rows):
    """Set the clock back by two hours, as far as a heartbeat can tell."""

    def was_ahead(by=AHEAD):
        rows(
            "UPDATE heartbeats SET basis_at = basis_at + %(by)s, miss_at = miss_at + %(by)s,"
            " next_expected_at = next_expected_at + %(by)s, next_look_at = next_look_at + %(by)s,"
            " last_success_at = last_success_at + %(by)s".replace("%(by)s", f"'{by}'::interval")
        )

    return was_ahead


def seconds_until_missed(rows):
    ((at,),) = rows("SELECT miss_at FROM heartbeats")
    return (at - utcnow()).total_seconds()


def test_it_is_expected_anew_from_now(app, alice, client, rows, was_ahead):
    heartbeat = make_heartbeat(
        alice, schedule="every 1h", grace_period_seconds=300, min_interval_seconds=60
    )
    path = f"/api/v1/heartbeat/{heartbeat['unique_key']}"
    client.post(f"{path}/start")
    was_ahead()
    assert seconds_until_missed(rows) > 3 * 3600
    with app.app_context():
        assert heartbeats.follow_clock() == 1
        assert heartbeats.follow_clock() == 0
    assert seconds_until_missed(rows) == pytest.approx(3900, abs=30)
    rows("UPDATE heartbeats SET last_success_at = last_success_at - interval '2 minutes'")
    client.post(path)
    assert alice.get(f"/heartbeats/{heartbeat['id']}").json["status"] == "healthy"


@pytest.mark.parametrize("by", [timedelta(0), timedelta(minutes=1)])
def test_a_time_met_a_moment_early_stays(app, alice, rows, was_ahead, by):
    make_heartbeat(alice, schedule="every 1h")
    was_ahead(by)
    before = seconds_until_missed(rows)
    with app.app_context():
        assert heartbeats.follow_clock() == 0
    assert seconds_until_missed(rows) == pytest.approx(before, abs=30)


def test_one_that_is_paused_stays_so(app, alice, rows, was_ahead):
    heartbeat = make_heartbeat(alice, is_active=False)
    was_ahead()
    with app.app_context():
        assert heartbeats.follow_clock() == 0
    assert alice.get(f"/heartbeats/{heartbeat['id']}").json["status"] == "paused"
