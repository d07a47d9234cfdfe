"""/maintenance-windows: written, validated and ended over HTTP."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from app.operations.maintenance import windows as operations
from tests.alerting import created, make_window
from tests.factories import make_member, make_service

NOW = datetime.now(UTC).replace(microsecond=0)
SUNDAYS = "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0"


def at(hours):
    return (NOW + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


def test_a_window_from_its_making_to_its_end(alice, bob, rows):
    service = make_service(alice)
    times = {"starts_at": at(-1), "ends_at": at(1)}
    window = make_window(
        bob, **times, service_ids=[service["id"]], tags=["db"], description="Postgres 18"
    )
    assert window["status"] == "active"
    assert window["is_active"]
    assert window["next_start_at"] is None
    assert window["next_end_at"] == window["ends_at"] == at(1)
    assert window["timezone"] == "UTC"
    assert window["recurrence"] is None
    assert "announced_until" not in window
    path = f"/maintenance-windows/{window['id']}"
    assert alice.get(path).json == window
    assert alice.get("/maintenance-windows").json == [window]
    moved = alice.patch(path, {"starts_at": at(2), "ends_at": at(3)}).json
    assert (moved["status"], moved["is_active"]) == ("scheduled", False)
    assert (moved["next_start_at"], moved["next_end_at"]) == (at(2), at(3))
    past = {"starts_at": at(-3), "ends_at": at(-2)}
    assert alice.put(path, moved | past).status_code == 422
    assert alice.put(path, moved | times).json["status"] == "active"
    replaced = alice.put(path, moved | past)
    assert replaced.status_code == 200, "what goes on may be moved away: it ends with that"
    assert replaced.json["status"] == "ended"
    assert replaced.json["next_end_at"] is None
    before = rows("SELECT alerting_version FROM organizations ORDER BY created_at LIMIT 1")
    assert alice.delete(path).status_code == 204
    assert alice.get(path).status_code == 404
    after = rows("SELECT alerting_version FROM organizations ORDER BY created_at LIMIT 1")
    assert after[0][0] == before[0][0] + 1


def test_a_recurring_window_keeps_its_local_time(alice):
    window = make_window(
        alice,
        starts_at="2026-03-01T00:00:00Z",
        ends_at=None,
        recurrence=SUNDAYS,
        duration_minutes=60,
        timezone="Europe/Berlin",
    )
    assert window["ends_at"] is None
    assert window["next_start_at"] is not None
    start = datetime.fromisoformat(window["next_start_at"])
    assert start.weekday() in (5, 6)
    assert start.hour in (0, 1)
    begin = created(
        alice,
        "/maintenance-windows",
        {"name": "x", "recurrence": SUNDAYS, "duration_minutes": 60},
    )
    assert datetime.fromisoformat(begin["starts_at"]) <= datetime.now(UTC)


def test_ending_by_hand(alice):
    window = make_window(alice)
    path = f"/maintenance-windows/{window['id']}"
    ended = alice.post(f"{path}/end").json
    assert (ended["status"], ended["is_active"]) == ("ended", False)
    assert ended["ended_at"] is not None
    assert alice.post(f"{path}/end").json == ended
    again = alice.patch(path, {"ends_at": at(5), "reopen": True}).json
    assert (again["status"], again["ended_at"]) == ("active", None)
    future = make_window(alice, starts_at=at(2), ends_at=at(3))
    called_off = alice.post(f"/maintenance-windows/{future['id']}/end").json
    assert called_off["status"] == "ended"


def test_a_recurring_window_ends_for_this_time(alice):
    daily = make_window(
        alice,
        starts_at=at(-48),
        ends_at=None,
        recurrence="FREQ=DAILY",
        duration_minutes=90,
    )
    assert daily["status"] == "active"
    path = f"/maintenance-windows/{daily['id']}/end"
    ended = alice.post(path).json
    assert ended["status"] == "scheduled"
    assert ended["next_start_at"] == at(24)
    again = alice.post(path)
    assert again.status_code == 409
    assert "not active" in again.json["error"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"ends_at": at(-2)}, "ends_at"),
        ({"ends_at": None}, "ends_at"),
        ({"starts_at": None}, "starts_at"),
        ({"starts_at": "2026-03-02T14:00:00"}, "starts_at"),
        ({"duration_minutes": 60}, "duration_minutes"),
        ({"recurrence": "FREQ=SECONDLY", "duration_minutes": 60}, "recurrence"),
        ({"recurrence": "nonsense", "duration_minutes": 60}, "recurrence"),
        ({"recurrence": SUNDAYS, "duration_minutes": 0}, "duration_minutes"),
        ({"recurrence": SUNDAYS, "ends_at": None}, "duration_minutes"),
        (
            {"recurrence": "FREQ=DAILY", "duration_minutes": 1440, "ends_at": None},
            "duration_minutes",
        ),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"service_ids": ["x"]}, "service_ids"),
        ({"service_ids": [str(uuid4())]}, "service_ids"),
        ({"is_active": True}, "is_active"),
    ],
)
def test_bad_values_are_named(alice, rows, changes, field):
    body = {"name": "Upgrade", "starts_at": at(-1), "ends_at": at(1)} | changes
    answer = alice.post("/maintenance-windows", body)
    assert answer.status_code == 422, answer.text
    assert field in answer.json["fields"]
    assert rows("SELECT count(*) FROM maintenance_windows") == [(0,)]


def test_a_window_without_any_time(alice):
    answer = alice.post("/maintenance-windows", {"name": "x"})
    assert answer.status_code == 422
    assert "starts_at" in answer.json["fields"]


def test_changes_are_validated_as_a_whole(alice):
    window = make_window(alice)
    path = f"/maintenance-windows/{window['id']}"
    assert alice.patch(path, {"starts_at": at(2)}).status_code == 422
    assert alice.patch(path, {"duration_minutes": 5}).status_code == 422
    assert alice.get(path).json == window


def test_services_are_of_the_organization(alice, charlie):
    theirs = make_service(charlie)["id"]
    window = make_window(alice)
    body = {"name": "x", "starts_at": at(0), "ends_at": at(1), "service_ids": [theirs]}
    assert alice.post("/maintenance-windows", body).status_code == 422
    answer = alice.patch(f"/maintenance-windows/{window['id']}", {"service_ids": [theirs]})
    assert answer.json["error"] == f"service_ids: There is no service {theirs}."


def test_windows_of_others_do_not_exist(alice, charlie):
    foreign = make_window(charlie)["id"]
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {}),
        ("PUT", "", {}),
        ("DELETE", "", None),
        ("POST", "/end", None),
    ):
        answers = [
            alice.call(
                method, f"/maintenance-windows/{id}{path}", json=body, headers={"X-Request-Id": "x"}
            )
            for id in (foreign, uuid4())
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert answers[0].data == answers[1].data
        assert dict(answers[0].headers) == dict(answers[1].headers)
    assert charlie.get(f"/maintenance-windows/{foreign}").json["is_active"]


def test_responders_may_not_change_windows(app, alice):
    window = make_window(alice)
    dora = make_member(app, alice, "Dora", "responder")
    path = f"/maintenance-windows/{window['id']}"
    assert dora.get(path).status_code == 200
    assert dora.patch(path, {}).status_code == 403
    assert dora.post(f"{path}/end").status_code == 403
    assert dora.delete(path).status_code == 403


def test_only_so_many_windows_recur(alice, monkeypatch):
    """Every process that evaluates a service looks each of them up."""
    monkeypatch.setattr(operations, "MOST_RECURRING", 2)
    weekly = {"recurrence": "FREQ=WEEKLY;BYDAY=SU", "duration_minutes": 60}
    made = [alice.post("/maintenance-windows", {"name": "w"} | weekly) for _ in range(3)]
    assert [answer.status_code for answer in made] == [201, 201, 422]
    assert "recurrence" in made[2].json["fields"]
    once = {"name": "w", "starts_at": "2050-01-01T00:00:00Z", "ends_at": "2050-01-01T01:00:00Z"}
    single = alice.post("/maintenance-windows", once)
    assert single.status_code == 201
    path = f"/maintenance-windows/{single.json['id']}"
    assert alice.patch(path, weekly | {"ends_at": None}).status_code == 422
    assert alice.patch(f"/maintenance-windows/{made[0].json['id']}", weekly).status_code == 200
