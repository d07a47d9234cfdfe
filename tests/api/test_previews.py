"""Previews of a heartbeat's schedule and of a maintenance window."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from tests.factories import make_service
from tests.heartbeats import make_heartbeat

HEARTBEAT, WINDOW = "/heartbeats/preview", "/maintenance-windows/preview"


def moment(text):
    return datetime.fromisoformat(text)


def test_a_cron_schedule_in_local_time(alice, rows):
    body = {"schedule": "0 2 * * *", "timezone": "Europe/Berlin", "grace_period_seconds": 600}
    answer = alice.post(HEARTBEAT, body)
    assert answer.status_code == 200
    expected = answer.json["expected"]
    assert len(expected) == 5
    for each in expected:
        at = moment(each["expected_at"])
        assert at.astimezone(ZoneInfo("Europe/Berlin")).hour in (2, 3)  # skipped by the clocks: 3
        assert moment(each["missed_at"]) - at == timedelta(minutes=10)
    assert moment(expected[0]["expected_at"]) > datetime.now(UTC)
    assert rows("SELECT count(*) FROM heartbeats") == [(0,)]


def test_an_interval(alice):
    found = alice.post(HEARTBEAT, {"schedule": "every 5m", "count": 50}).json["expected"]
    times = [moment(each["expected_at"]) for each in found]
    assert {b - a for a, b in pairwise(times)} == {timedelta(minutes=5)}
    assert len(times) == 50


def test_the_default_is_that_of_a_heartbeat(alice):
    made = alice.post("/heartbeats", {"name": "x"}).json
    found = alice.post(HEARTBEAT, {}).json
    assert (found["schedule"], found["timezone"]) == (made["schedule"], made["timezone"])
    (grace,) = {
        (moment(e["missed_at"]) - moment(e["expected_at"])).total_seconds()
        for e in found["expected"]
    }
    assert grace == made["grace_period_seconds"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"schedule": "sometimes"}, "schedule"),
        ({"schedule": "61 * * * *"}, "schedule"),
        ({"schedule": "0 0 30 2 *"}, "schedule"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"schedule": ""}, "schedule"),
        ({"count": 0}, "count"),
        ({"count": 51}, "count"),
        ({"grace_period_seconds": -1}, "grace_period_seconds"),
        ({"name": "x"}, "name"),
    ],
)
def test_bad_schedules(alice, body, field):
    answer = alice.post(HEARTBEAT, body)
    assert (answer.status_code, list(answer.json["fields"])) == (422, [field])


def test_a_recurring_window(alice, rows):
    body = {
        "recurrence": "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=30",
        "duration_minutes": 90,
        "timezone": "Europe/Berlin",
        "count": 3,
    }
    found = alice.post(WINDOW, body).json["occurrences"]
    assert len(found) == 3
    for each in found:
        begins, ends = moment(each["starts_at"]), moment(each["ends_at"])
        assert begins.astimezone(ZoneInfo("Europe/Berlin")).strftime("%a") == "Sun"
        assert ends - begins == timedelta(minutes=90)
    assert rows("SELECT count(*) FROM maintenance_windows") == [(0,)]


def test_a_window_that_goes_on_now(alice):
    now = datetime.now(UTC).replace(microsecond=0)
    body = {
        "starts_at": (now - timedelta(hours=1)).isoformat(),
        "ends_at": (now + timedelta(hours=1)).isoformat(),
    }
    (only,) = alice.post(WINDOW, body).json["occurrences"]
    assert moment(only["starts_at"]) == now - timedelta(hours=1)


def test_what_a_window_covers(alice, charlie):
    tagged = make_service(alice, tags=["db"])["id"]
    other = make_service(alice)["id"]
    make_service(charlie, tags=["db"])
    make_heartbeat(alice, tags=["db"])
    make_heartbeat(alice)
    times = {"starts_at": "2030-01-01T00:00:00Z", "ends_at": "2030-01-01T01:00:00Z"}

    def covered(**scope):
        found = alice.post(WINDOW, times | scope).json
        return found["services_count"], found["heartbeats_count"]

    assert covered() == (2, 2)
    assert covered(tags=["db"]) == (1, 1)
    assert covered(tags=["db"], service_ids=[other]) == (2, 1)
    assert covered(service_ids=[tagged]) == (1, 0)
    assert covered(tags=["nothing"]) == (0, 0)


def test_services_of_others_are_like_those_of_nobody(alice, charlie):
    times = {"starts_at": "2030-01-01T00:00:00Z", "ends_at": "2030-01-01T01:00:00Z"}
    foreign, nobody = make_service(charlie)["id"], str(uuid4())
    answers = [alice.post(WINDOW, times | {"service_ids": [id]}) for id in (foreign, nobody)]
    assert [answer.status_code for answer in answers] == [422, 422]
    texts = [
        answer.text.replace(id, "") for answer, id in zip(answers, (foreign, nobody), strict=True)
    ]
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "starts_at"),
        ({"starts_at": "2030-01-01T00:00:00Z"}, "ends_at"),
        ({"recurrence": "FREQ=WEEKLY"}, "duration_minutes"),
        ({"recurrence": "often", "duration_minutes": 5}, "recurrence"),
        ({"starts_at": "2030-01-01T00:00:00Z", "ends_at": "2029-01-01T00:00:00Z"}, "ends_at"),
        ({"count": 99}, "count"),
        ({"name": "x"}, "name"),
    ],
)
def test_bad_windows(alice, body, field):
    answer = alice.post(WINDOW, body)
    assert (answer.status_code, list(answer.json["fields"])) == (422, [field])
