"""GET /on-call: every schedule at a glance; calendars of it at secret addresses."""

from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from tests.alerting import created, make_schedule
from tests.factories import API, make_member


def moment(text):
    return datetime.fromisoformat(text)


def test_nothing_is_planned(alice):
    found = alice.get("/on-call").json
    assert (found["schedules"], found["own_shifts"]) == ([], [])


def test_every_schedule_at_a_glance(alice, bob, charlie):
    make_schedule(charlie)
    make_schedule(alice, alice, bob)
    (found,) = alice.get("/on-call").json["schedules"]
    assert found["name"] == "Operations"
    assert found["timezone"] == "Europe/Berlin"
    (now,), (following,) = found["on_call"], found["next"]["on_call"]
    assert {now["full_name"], following["full_name"]} == {"Alice", "Bob"}
    assert found["until"] == found["next"]["from"]
    assert moment(found["next"]["to"]) - moment(found["next"]["from"]) <= timedelta(days=7, hours=1)
    assert found["gaps"] == []


def test_own_shifts(alice, bob):
    schedule = make_schedule(alice, alice)
    now = datetime.now(UTC)
    stands_in = {
        "user_id": str(bob.user_id),
        "from": (now + timedelta(days=1)).isoformat(),
        "to": (now + timedelta(days=2)).isoformat(),
    }
    created(alice, f"/on-call-schedules/{schedule['id']}/overrides", stands_in)
    (shift,) = bob.get("/on-call").json["own_shifts"]
    assert (shift["full_name"], shift["is_override"]) == ("Bob", True)
    assert moment(shift["to"]) - moment(shift["from"]) == timedelta(days=1)
    assert all(s["full_name"] == "Alice" for s in alice.get("/on-call").json["own_shifts"])


def test_gaps_are_told(alice):
    make_schedule(
        alice, restriction={"start_time": "09:00", "end_time": "17:00", "days": ["monday"]}
    )
    (found,) = alice.get("/on-call?days=14").json["schedules"]
    assert found["gaps"]
    assert all(moment(gap["from"]) < moment(gap["to"]) for gap in found["gaps"])


@pytest.mark.parametrize("query", ["days=0", "days=61", "days=x"])
def test_bad_queries(alice, query):
    assert alice.get(f"/on-call?{query}").status_code == 422


def subscribe(person, scope="all"):
    made = created(person, "/on-call/calendars", {"scope": scope})
    return made, made["url"].removeprefix("http://localhost")


def read(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    return Calendar.from_ical(answer.data)


def test_a_calendar_of_everybody(client, alice, bob, rows):
    make_schedule(alice, alice, bob)
    made, path = subscribe(alice)
    key = path.rpartition("/")[2].removesuffix(".ics")
    assert key not in str(rows("SELECT * FROM on_call_calendars"))
    calendar = read(client, path)
    events = calendar.walk("VEVENT")
    assert len(events) > 8
    assert len({str(event["uid"]) for event in events}) == len(events)
    summaries = {str(event["summary"]) for event in events}
    assert summaries == {"On call: Alice (Operations)", "On call: Bob (Operations)"}
    starts = [event.start for event in events]
    assert starts == sorted(starts)
    assert all(event.start.tzinfo is not None for event in events)
    again = read(client, path).walk("VEVENT")
    assert [str(e["uid"]) for e in again][1:] == [str(e["uid"]) for e in events][1:]
    assert "url" not in alice.get("/on-call/calendars").json[0]
    assert made["id"] == alice.get("/on-call/calendars").json[0]["id"]


def test_a_calendar_of_ones_own(client, alice, bob):
    make_schedule(alice, alice, bob)
    _, path = subscribe(bob, "mine")
    summaries = {str(event["summary"]) for event in read(client, path).walk("VEVENT")}
    assert summaries == {"On call: Bob (Operations)"}


def test_hostile_names_stay_text(client, alice, rows):
    name = "A;B,C\\n\nEND:VCALENDAR ü " + "x" * 150
    make_schedule(alice)
    rows("UPDATE on_call_schedules SET name = %s", name)
    _, path = subscribe(alice)
    calendar = read(client, path)
    assert name.replace("\n", "") in str(calendar.walk("VEVENT")[0]["summary"]).replace("\n", "")
    for line in client.get(path).data.split(b"\r\n"):
        assert len(line) <= 75


@pytest.mark.parametrize("ending", ["calendar", "membership", "membership, and comes again"])
def test_an_address_ends(app, client, alice, rows, ending):
    mia = make_member(app, alice, "Mia", "viewer")
    made, path = subscribe(mia)
    read(client, path)
    if ending == "calendar":
        assert mia.delete(f"/on-call/calendars/{made['id']}").status_code == 204
    else:
        alice.delete(f"/members/{mia.user_id}")
    if ending.endswith("again"):
        rows(
            "INSERT INTO memberships (id, organization_id, user_id, role)"
            " VALUES (gen_random_uuid(), %s, %s, 'viewer')",
            alice.organization_id,
            mia.user_id,
        )
    gone, nobody = client.get(path), client.get(f"{API}/on-call/calendars/{'0' * 64}.ics")
    assert (gone.status_code, gone.data) == (nobody.status_code, nobody.data)
    assert gone.status_code == 404


def test_calendars_are_a_persons_own(alice, bob):
    made, _ = subscribe(alice)
    assert bob.get("/on-call/calendars").json == []
    assert bob.delete(f"/on-call/calendars/{made['id']}").status_code == 404


def test_only_so_many_calendars(alice):
    for _ in range(20):
        subscribe(alice)
    assert alice.post("/on-call/calendars", {"scope": "mine"}).status_code == 422


@pytest.mark.parametrize("body", [{}, {"scope": "ours"}, {"scope": "all", "x": 1}])
def test_bad_calendars(alice, body):
    assert alice.post("/on-call/calendars", body).status_code == 422
