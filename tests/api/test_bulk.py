"""Bulk actions with an outcome for each object: settings and checks of services, alerts."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.alerting import make_policy, make_stored_alert
from tests.factories import make_member, make_service

SERVICES, ALERTS = "/services/bulk", "/alerts/bulk"


def outcomes(answer):
    assert answer.status_code == 200, answer.text
    return [(result["id"], result["ok"], result["error"]) for result in answer.json["results"]]


def update(person, ids, **changes):
    return person.post(SERVICES, {"action": "update", "ids": ids, "changes": changes})


def test_settings_of_many_services(alice):
    ids = [make_service(alice, name=f"s{n}")["id"] for n in range(3)]
    policy = make_policy(alice)["id"]
    changes = {
        "check_interval_seconds": 300,
        "failure_threshold": 3,
        "tags": ["x"],
        "escalation_policy_id": policy,
        "is_active": False,
        "regions": ["eu", "us"],
    }
    answer = update(alice, ids, **changes)
    assert outcomes(answer) == [(id, True, None) for id in ids]
    assert answer.json["ids"] == ids
    for id in ids:
        service = alice.get(f"/services/{id}").json
        assert {name: service[name] for name in changes} == changes
        assert service["next_check_at"] is None


def test_who_does_not_allow_it_stays_as_it_was(alice, charlie):
    slow = make_service(alice, check_interval_seconds=60, timeout_seconds=30)["id"]
    quick = make_service(alice, check_interval_seconds=60, timeout_seconds=5)["id"]
    foreign, nobody = make_service(charlie)["id"], str(uuid4())
    answer = update(alice, [slow, foreign, quick, nobody], check_interval_seconds=20)
    assert outcomes(answer) == [
        (slow, False, "check_interval_seconds: The timeout must not be above the interval."),
        (foreign, False, "not found"),
        (quick, True, None),
        (nobody, False, "not found"),
    ]
    assert answer.json["ids"] == [quick]
    assert list(answer.json["results"][0]["fields"]) == ["check_interval_seconds"]
    intervals = [
        alice.get(f"/services/{id}").json["check_interval_seconds"] for id in (slow, quick)
    ]
    assert intervals == [60, 20]
    assert charlie.get(f"/services/{foreign}").json["check_interval_seconds"] == 60


def test_references_are_validated_for_each(alice, charlie):
    first, second = make_service(alice)["id"], make_service(alice)["id"]
    needed = update(alice, [first, second], depends_on=[first])
    assert [ok for _, ok, _ in outcomes(needed)] == [False, True]
    stranger = make_policy(charlie)["id"]
    refused = update(alice, [first, second], escalation_policy_id=stranger)
    unknown = update(alice, [first, second], escalation_policy_id=str(uuid4()))
    assert [ok for _, ok, _ in outcomes(refused)] == [False, False]
    errors = [
        [e.rpartition(" ")[0] for _, _, e in outcomes(answer)] for answer in (refused, unknown)
    ]
    assert errors[0] == errors[1]


def test_a_circle_made_within_one_request_is_refused(alice):
    a, b = make_service(alice)["id"], make_service(alice)["id"]
    answer = update(alice, [a, b], depends_on=[a, b])
    assert [ok for _, ok, _ in outcomes(answer)] == [False, False]


def test_checks_of_many_services(alice, charlie, rows):
    due, paused = make_service(alice)["id"], make_service(alice, is_active=False)["id"]
    foreign = make_service(charlie)["id"]
    rows("UPDATE schedule_entries SET next_due_at = now() + interval '1 hour'")
    rows("UPDATE schedule_entries SET next_due_at = NULL WHERE service_id = %s", paused)
    answer = alice.post(SERVICES, {"action": "check", "ids": [due, paused, foreign]})
    assert [ok for _, ok, _ in outcomes(answer)] == [True, False, False]
    assert "paused" in outcomes(answer)[1][2]
    soon = datetime.now(UTC) + timedelta(minutes=1)
    at = {
        str(id): when for id, when in rows("SELECT service_id, next_due_at FROM schedule_entries")
    }
    assert at[due] < soon < at[foreign]
    assert at[paused] is None


@pytest.mark.parametrize("action", ["check", "resume"])
def test_many_services_are_not_all_checked_at_one_moment(alice, configure, rows, action):
    configure(plan_limits=False)
    first = make_service(alice)["id"]
    rows(
        "INSERT INTO services SELECT (jsonb_populate_record(s, jsonb_build_object("
        "'id', gen_random_uuid(), 'name', 'Shop ' || n, 'badge_key', 'sv-' || n))).*"
        " FROM services s, generate_series(2, 250) n"
    )
    rows(
        "INSERT INTO schedule_entries (service_id, region, next_due_at, status,"
        " consecutive_failures, consecutive_successes) SELECT id, 'default', now(), 'GREEN', 0, 0"
        " FROM services WHERE id <> %s",
        first,
    )
    ids = [str(id) for (id,) in rows("SELECT id FROM services")]
    assert alice.post(SERVICES, {"action": "pause", "ids": ids}).status_code == 200
    assert rows("SELECT DISTINCT next_due_at FROM schedule_entries") == [(None,)]
    if action == "check":
        rows("UPDATE services SET is_active = true")
        rows("UPDATE schedule_entries SET next_due_at = now() + interval '1 hour'")
    assert alice.post(SERVICES, {"action": action, "ids": ids}).status_code == 200
    due = rows(
        "SELECT extract(epoch FROM next_due_at - min(next_due_at) OVER ())::float,"
        " next_due_at <= now() FROM schedule_entries ORDER BY next_due_at"
    )
    assert [after for after, _ in due] == [0.0] * 100 + [0.2] * 100 + [0.4] * 50
    assert due[0][1]


@pytest.mark.parametrize("action", ["update", "check"])
@pytest.mark.parametrize(("role", "status"), [("responder", 403), ("editor", 200)])
def test_roles_for_services(app, alice, action, role, status):
    person, id = make_member(app, alice, "Mia", role), make_service(alice)["id"]
    body = {"action": action, "ids": [id]} | ({"changes": {}} if action == "update" else {})
    assert person.post(SERVICES, body).status_code == status


@pytest.mark.parametrize(
    ("action", "more", "status"),
    [
        ("acknowledge", {"note": "on it"}, "acknowledged"),
        ("resolve", {}, "resolved"),
        ("snooze", {"minutes": 30}, "firing"),
    ],
)
def test_alerts(alice, charlie, action, more, status):
    ids = [str(make_stored_alert(alice)) for _ in range(2)]
    foreign, nobody = str(make_stored_alert(charlie)), str(uuid4())
    answer = alice.post(ALERTS, {"action": action, "ids": [*ids, foreign, nobody], **more})
    assert outcomes(answer) == [
        (ids[0], True, None),
        (ids[1], True, None),
        (foreign, False, "not found"),
        (nobody, False, "not found"),
    ]
    for id in ids:
        alert = alice.get(f"/alerts/{id}").json
        assert alert["status"] == status
        assert (alert["snoozed_until"] is not None) is (action == "snooze")
    assert charlie.get(f"/alerts/{foreign}").json["status"] == "firing"


def test_an_alert_that_is_over_is_said_so(alice):
    over, open_ = str(make_stored_alert(alice)), str(make_stored_alert(alice))
    assert alice.post(f"/alerts/{over}/resolve").status_code == 200
    answer = alice.post(ALERTS, {"action": "acknowledge", "ids": [over, open_]})
    assert [ok for _, ok, _ in outcomes(answer)] == [False, True]
    assert "resolved" in outcomes(answer)[0][2]


@pytest.mark.parametrize(
    "body",
    [
        {"action": "snooze"},
        {"action": "snooze", "minutes": 0},
        {"action": "resolve", "minutes": 5},
        {"action": "snooze", "minutes": 5, "note": "x"},
        {"action": "delete"},
        {"action": "resolve", "ids": []},
        {"action": "resolve", "ids": ["x"]},
        {"action": "resolve", "note": "\x00"},
        {"ids": [str(uuid4())]},
    ],
)
def test_bad_bodies_for_alerts(alice, body):
    assert alice.post(ALERTS, {"ids": [str(uuid4())]} | body).status_code == 422


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("responder", 200)])
def test_roles_for_alerts(app, alice, role, status):
    person, id = make_member(app, alice, "Mia", role), str(make_stored_alert(alice))
    assert person.post(ALERTS, {"action": "resolve", "ids": [id]}).status_code == status
