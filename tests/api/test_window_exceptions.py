"""Windows: past ones, ones ended early, skipped occurrences, heartbeats, from now on."""

from datetime import timedelta

import pytest

from app.platform.clock import utcnow
from app.platform.events import timestamp
from tests.alerting import created, make_window
from tests.factories import make_member, make_service
from tests.heartbeats import age, make_heartbeat, sweep

PATH = "/maintenance-windows"
NIGHTLY = {"recurrence": "FREQ=DAILY;BYHOUR=2;BYMINUTE=0", "duration_minutes": 60, "ends_at": None}


def at(**span):
    return timestamp((utcnow() + timedelta(**span)).replace(microsecond=0))


def nightly(person, **changes):
    fields = NIGHTLY | {"starts_at": at(days=-3)}
    return make_window(person, **(fields | changes))


# --- the past ---


@pytest.mark.parametrize(
    "times",
    [
        {"starts_at": at(hours=-3), "ends_at": at(hours=-1)},
        {**NIGHTLY, "starts_at": at(days=-9), "ends_at": at(days=-5)},
        {**NIGHTLY, "starts_at": at(days=-9), "recurrence": "FREQ=DAILY;COUNT=3"},
    ],
)
def test_a_window_wholly_in_the_past_is_refused(alice, times):
    refused = alice.post(PATH, {"name": "Late", **times})
    assert refused.status_code == 422
    assert "Lies in the past" in refused.json["fields"]["ends_at"][0]
    window = make_window(alice, starts_at=at(hours=1), ends_at=at(hours=2))
    moved = alice.patch(f"{PATH}/{window['id']}", times)
    assert moved.status_code == 422
    assert alice.get(f"{PATH}/{window['id']}").json["status"] == "scheduled"


def test_a_window_that_began_in_the_past_is_none(alice):
    assert make_window(alice, starts_at=at(days=-3))["is_active"]


# --- ended by hand ---


@pytest.fixture
def ended(alice):
    window = make_window(alice)
    assert alice.post(f"{PATH}/{window['id']}/end").json["status"] == "ended"
    return f"{PATH}/{window['id']}"


@pytest.mark.parametrize(
    "change", [{"ends_at": at(hours=5)}, {"starts_at": at(minutes=-30)}, {"starts_at": at(days=-1)}]
)
def test_other_times_do_not_silence_again_without_a_word(alice, ended, change):
    refused = alice.patch(ended, change)
    assert refused.status_code == 409
    assert "reopen: true" in refused.json["error"]
    for written in ("true", "on", 1):
        assert alice.patch(ended, change | {"reopen": written}).status_code == 422
    assert alice.get(ended).json["status"] == "ended"
    assert alice.patch(ended, change | {"reopen": True}).json["is_active"]


def test_other_fields_leave_it_ended(alice, ended):
    for method in (alice.patch, alice.put):
        whole = alice.get(ended).json | {"name": "Other"} if method == alice.put else {"name": "x"}
        assert method(ended, whole).json["status"] == "ended"


def test_times_ahead_are_a_new_window(alice, ended):
    moved = alice.patch(ended, {"starts_at": at(days=1), "ends_at": at(days=2)}).json
    assert (moved["status"], moved["ended_at"]) == ("scheduled", None)


def test_it_begins_again_when_somebody_says_so(alice, ended):
    assert alice.patch(ended, {"reopen": True}).json["is_active"]


def test_a_recurring_one_ended_early_stays_so_for_this_time(alice):
    window = nightly(alice, recurrence="FREQ=HOURLY", duration_minutes=59)
    path = f"{PATH}/{window['id']}"
    if not window["is_active"]:
        pytest.skip("the minute between two occurrences")
    alice.post(f"{path}/end")
    assert alice.patch(path, {"duration_minutes": 58}).status_code == 409
    assert not alice.get(path).json["is_active"]


# --- skipped occurrences ---


def test_the_next_occurrence_is_skipped(alice):
    window = nightly(alice)
    path = f"{PATH}/{window['id']}"
    first = window["next_start_at"]
    skipped = alice.post(f"{path}/skip").json
    assert skipped["exdates"] == [first]
    assert skipped["next_start_at"][:10] > first[:10]
    again = alice.post(f"{path}/skip", {"starts_at": skipped["next_start_at"]}).json
    assert len(again["exdates"]) == 2
    assert alice.patch(path, {"exdates": []}).json["next_start_at"] == first


def test_what_goes_on_can_be_skipped_as_well(alice):
    window = nightly(alice, recurrence="FREQ=DAILY", starts_at=at(days=-2, minutes=-5))
    assert window["is_active"]
    path = f"{PATH}/{window['id']}"
    skipped = alice.post(f"{path}/skip", {"starts_at": at(minutes=-5)})
    assert skipped.status_code in (200, 422)  # a second may have gone by
    if skipped.status_code == 200:
        assert not skipped.json["is_active"]


def test_exdates_are_given_with_the_rule(alice):
    first = nightly(alice)["next_start_at"]
    window = nightly(alice, exdates=[first])
    assert window["next_start_at"] > first


@pytest.mark.parametrize(
    ("body", "status"), [({"starts_at": at(minutes=7)}, 422), ({"starts_at": "soon"}, 422)]
)
def test_only_what_comes_can_be_skipped(alice, body, status):
    window = nightly(alice)
    assert alice.post(f"{PATH}/{window['id']}/skip", body).status_code == status
    once = make_window(alice)
    assert alice.post(f"{PATH}/{once['id']}/skip").status_code == 409
    with_exdates = {"name": "x", "starts_at": at(hours=1), "ends_at": at(hours=2)}
    refused = alice.post(PATH, with_exdates | {"exdates": [at(hours=1)]})
    assert "exdates" in refused.json["fields"]
    rule = {"recurrence": "FREQ=DAILY;EXDATE=20260101T000000Z"}
    refused = alice.post(PATH, {"name": "x"} | NIGHTLY | rule | {"starts_at": at(hours=1)})
    assert "exdates" in refused.json["fields"]["recurrence"][0]


# --- heartbeats ---


def test_a_window_for_one_heartbeat_silences_it_alone(app, alice, rows):
    quiet, loud = make_heartbeat(alice), make_heartbeat(alice, name="Loud")
    make_service(alice)
    make_window(alice, heartbeat_ids=[quiet["id"]])
    for heartbeat in (quiet, loud):
        age(rows, heartbeat["id"], minutes=90)
    sweep(app, rows)
    (alert,) = alice.get("/alerts").json
    assert alert["heartbeat_id"] == loud["id"]
    assert not alice.get("/services").json[0]["in_maintenance"]


def test_a_heartbeat_of_others_is_none(alice, charlie):
    body = {"name": "x", "starts_at": at(), "ends_at": at(hours=1)}
    foreign = make_heartbeat(charlie)["id"]
    refused = alice.post(PATH, body | {"heartbeat_ids": [foreign]})
    assert (refused.status_code, "heartbeat_ids" in refused.json["fields"]) == (422, True)


def test_a_window_for_a_deleted_heartbeat_covers_nothing_else(alice):
    heartbeat, service = make_heartbeat(alice), make_service(alice)
    make_window(alice, heartbeat_ids=[heartbeat["id"]])
    alice.delete(f"/heartbeats/{heartbeat['id']}")
    assert not alice.get(f"/services/{service['id']}").json["in_maintenance"]


# --- from now on ---


def test_maintenance_begins_now(alice):
    shop, other = make_service(alice, tags=["db"]), make_service(alice, name="Blog")
    window = created(alice, f"{PATH}/now", {"tags": ["db"], "minutes": 30})
    assert (window["is_active"], window["name"]) == (True, "Maintenance")
    assert window["next_end_at"][:16] in (at(minutes=30)[:16], at(minutes=29)[:16])
    assert alice.get(f"/services/{shop['id']}").json["in_maintenance"]
    assert not alice.get(f"/services/{other['id']}").json["in_maintenance"]
    created(alice, f"{PATH}/now", {"service_ids": [other["id"]], "minutes": 5, "name": "Deploy"})
    assert alice.get(f"/services/{other['id']}").json["in_maintenance"]
    assert alice.post(f"{PATH}/{window['id']}/end").json["status"] == "ended"


@pytest.mark.parametrize(
    "body",
    [
        {"minutes": 30},
        {"minutes": 30, "tags": [], "service_ids": []},
        {"tags": ["db"]},
        {"tags": ["db"], "minutes": 0},
        {"tags": ["db"], "minutes": 1_000_000},
        {"minutes": 5, "service_ids": ["00000000-0000-4000-8000-000000000000"]},
    ],
)
def test_what_to_silence_must_be_said(alice, body):
    assert alice.post(f"{PATH}/now", body).status_code == 422
    assert alice.get(PATH).json == []


def test_viewers_silence_nothing(app, alice):
    viewer = make_member(app, alice, "Vera", "viewer")
    assert viewer.post(f"{PATH}/now", {"tags": ["db"], "minutes": 5}).status_code == 403
    assert viewer.post(f"{PATH}/{nightly(alice)['id']}/skip").status_code == 403
