"""Heartbeats that fail and succeed in turn: one alert for the episode, a few messages."""

import pytest

from app.operations.heartbeats import flapping, flips
from tests.alerting import make_channel
from tests.heartbeats import age, make_heartbeat, sweep


@pytest.fixture
def heartbeat(context, alice):
    make_channel(alice)
    return make_heartbeat(alice)


@pytest.fixture
def report(client, heartbeat, rows):
    """Report successes and failures, a letter each; what they bring is told at once."""

    def report(letters):
        for letter in letters:
            suffix = "/fail" if letter == "R" else ""
            answer = client.post(f"/api/v1/heartbeat/{heartbeat['unique_key']}{suffix}")
            assert answer.status_code == 200
            flips.handle()
            flapping.calm_down()
            rows("UPDATE notifications SET status = 'sent', attempts = 1 WHERE status = 'pending'")

    return report


def sent(rows):
    return [kind for (kind,) in rows("SELECT kind FROM notifications ORDER BY created_at")]


def latest(alice):
    (alert, *_) = alice.get("/alerts?status=all").json
    return alice.get(f"/alerts/{alert['id']}").json


def test_twelve_pairs_are_told_as_one_episode(alice, rows, report):
    report("RG" * 12)
    assert len(sent(rows)) <= 9
    alert = latest(alice)
    assert (alert["status"], alert["is_flapping"]) == ("firing", True)
    before = len(sent(rows))
    report("RG" * 3)
    assert len(sent(rows)) == before


def test_it_resolves_once_the_job_has_calmed_down(alice, rows, report):
    report("RG" * 12 + "G" * 20)
    alert = latest(alice)
    assert (alert["status"], alert["is_flapping"]) == ("resolved", False)
    kinds = [line["kind"] for line in alert["timeline"]]
    assert kinds[-2:] == ["flapping_stopped", "resolved"]
    assert sent(rows)[-1] == "alert.resolved"
    report("R")
    assert sent(rows)[-1] == "alert.fired", "the next failure is a new one"


def test_a_failure_that_stays_keeps_its_alert(alice, rows, report):
    report("RG" * 12 + "R" * 25)
    alert = latest(alice)
    assert (alert["status"], alert["is_flapping"]) == ("firing", False)


def test_a_pause_ends_the_episode(alice, rows, report, heartbeat):
    report("RG" * 12)
    alice.post(f"/heartbeats/{heartbeat['id']}/pause")
    flips.handle()
    assert latest(alice)["status"] == "resolved"
    report("R")
    assert alice.get("/alerts").json == []


def test_a_job_that_fails_every_other_night_is_told_each_time(alice, rows, report, heartbeat):
    for _ in range(8):
        report("R")
        report("G")
        rows("UPDATE heartbeat_pings SET received_at = received_at - interval '1 day'")
        rows("UPDATE heartbeat_flips SET at = at - interval '1 day'")
    assert sent(rows) == ["alert.fired", "alert.resolved"] * 8


def test_misses_count_as_well(app, alice, rows, report, heartbeat):
    for _ in range(10):
        age(rows, heartbeat["id"], minutes=90)
        rows("UPDATE heartbeat_pings SET received_at = received_at - interval '90 minutes'")
        rows("UPDATE heartbeat_flips SET at = at - interval '90 minutes'")
        sweep(app, rows)
        report("G")
    assert latest(alice)["is_flapping"]


def test_one_pair_is_told_twice(rows, report):
    report("RG")
    assert sent(rows) == ["alert.fired", "alert.resolved"]
