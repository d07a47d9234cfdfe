"""Incidents of a page: posted, gone on with, edited, resolved; and what the page says then."""

from datetime import timedelta

import feedparser
import icalendar
import pytest

from app.platform.clock import utcnow
from app.platform.events import timestamp
from tests.alerting import make_channel, make_incident, make_window
from tests.factories import make_member, make_service
from tests.status_pages import make_shown


@pytest.fixture
def page(alice):
    page, services = make_shown(alice, "Checkout", "Search")
    return page | {"services": services, "path": f"/status-pages/{page['id']}/incidents"}


def test_the_life_of_an_incident(alice, page, seen, rows):
    rows("UPDATE services SET status = 'GREEN', status_changed_at = now()")
    shop = page["services"][0]["id"]
    made = make_incident(alice, page, service_ids=[shop], service_states={shop: "down"})
    assert (made["status"], made["severity"], made["resolved_at"]) == (
        "investigating",
        "minor",
        None,
    )
    text = seen().text
    assert "<h1>Checkout is down</h1>" in text
    assert "said by a person at" in text
    assert "Payments fail" in text
    assert "<p>We look at it.</p>" in text
    path = f"{page['path']}/{made['id']}"
    soon = timestamp(utcnow() + timedelta(hours=1))
    update = {"status": "identified", "body": "A **bad** release.", "next_update_at": soon}
    answer = alice.post(f"{path}/updates", update)
    assert answer.status_code == 201, answer.text
    assert [one["status"] for one in answer.json["updates"]] == ["identified", "investigating"]
    text = seen().text
    assert "<strong>bad</strong>" in text
    assert "1 earlier update" in text
    assert "Next update by" in text
    done = alice.post(f"{path}/updates", {"status": "resolved", "body": "All is well."}).json
    assert done["resolved_at"]
    assert done["next_update_at"] is None
    text = seen().text
    assert "<h1>All systems work</h1>" in text
    assert "Open incidents" not in text
    assert "Payments fail" in text  # under the past
    again = alice.post(f"{path}/updates", {"status": "investigating", "body": "No."}).json
    assert again["resolved_at"] is None


def test_an_incident_of_the_past_brings_its_updates_along(alice, page, seen):
    now = utcnow().replace(microsecond=0)
    at = {name: timestamp(now - timedelta(hours=hours)) for name, hours in
          (("began", 5), ("found", 4), ("ended", 3))}  # fmt: skip
    updates = [
        {"status": "resolved", "body": "It is over.", "at": at["ended"]},
        {"body": "Payments fail.", "at": at["began"]},
        {"status": "identified", "body": "A bad release.", "at": at["found"]},
    ]
    made = make_incident(alice, page, body="", updates=updates)
    assert [one["status"] for one in made["updates"]] == ["resolved", "identified", "investigating"]
    assert (made["status"], made["started_at"], made["resolved_at"]) == (
        "resolved", at["began"], at["ended"],
    )  # fmt: skip
    text = seen(f"/incidents/{made['key']}").text
    assert text.index("It is over.") < text.index("A bad release.") < text.index("Payments fail.")
    assert "lasted 2 h" in text


def test_updates_without_a_time_keep_their_order(alice, page):
    said = [{"body": name} for name in ("One", "Two", "Three")]
    made = make_incident(alice, page, body="", updates=said)
    assert [one["body"] for one in made["updates"]] == ["Three", "Two", "One"]
    assert made["status"] == "investigating"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"body": "One", "updates": [{"body": "Two"}]}, "updates"),
        ({"updates": []}, "updates"),
        ({"updates": [{"status": "resolved"}]}, "updates"),
        ({"updates": [{"body": "x"}] * 101}, "updates"),
        ({"started_at": "2126-01-01T00:00:00Z"}, "started_at"),
        ({"updates": [{"body": "x", "at": "2126-01-01T00:00:00Z"}]}, "started_at"),
        ({"started_at": "2026-01-02T00:00:00Z",
          "updates": [{"body": "x", "at": "2026-01-01T00:00:00Z"}]}, "at"),
    ],
)  # fmt: skip
def test_what_cannot_have_been_so_is_refused(alice, page, wrong, field):
    answer = alice.post(page["path"], {"title": "x", **wrong})
    assert answer.status_code == 422
    assert field in answer.json["fields"], answer.text


def test_an_update_lies_within_the_life_of_its_incident(alice, page):
    made = make_incident(alice, page)
    path = f"{page['path']}/{made['id']}/updates"
    for hours in (-1, 1):
        at = timestamp(utcnow() + timedelta(hours=hours))
        answer = alice.post(path, {"status": "monitoring", "body": "x", "at": at})
        assert answer.status_code == 422, hours
    moved = {"started_at": timestamp(utcnow() + timedelta(days=1))}
    assert alice.patch(f"{page['path']}/{made['id']}", moved).status_code == 422


def test_a_draft_is_seen_by_nobody(alice, page, seen):
    draft = make_incident(alice, page, is_draft=True, title="A secret outage")
    assert "A secret outage" not in seen().text + seen(".json").text + seen("/feed.atom").text
    path = f"{page['path']}/{draft['id']}"
    assert alice.patch(path, {"is_draft": False}).json["published_at"]
    assert "A secret outage" in seen().text
    assert alice.patch(path, {"is_draft": True}).status_code == 409


def test_what_was_said_can_be_edited_and_says_so(app, alice, page, seen):
    made = make_incident(alice, page)
    path = f"{page['path']}/{made['id']}/updates/{made['updates'][0]['id']}"
    edited = alice.patch(path, {"body": "We look closely."}).json
    assert edited["updates"][0]["edited_at"]
    text = seen().text
    assert "We look closely." in text
    assert "edited" in text
    responder = make_member(app, alice, "Rita", "responder")
    assert responder.delete(path).status_code == 403
    assert alice.delete(path).status_code == 409  # the only one
    more = {"status": "monitoring", "body": "Better."}
    alice.post(f"{page['path']}/{made['id']}/updates", more)
    assert alice.delete(path).status_code == 204
    assert "We look closely." not in seen().text


def test_of_two_who_edit_an_incident_the_second_is_told(alice, page):
    made = make_incident(alice, page)
    path = f"{page['path']}/{made['id']}"
    stale = {"unchanged_since": made["updated_at"]}
    assert alice.patch(path, stale | {"title": "Payments are slow"}).status_code == 200
    refused = alice.patch(path, stale | {"title": "Payments stand still"})
    assert (refused.status_code, list(refused.json["fields"])) == (409, ["unchanged_since"])
    (said,) = made["updates"]
    words = f"{path}/updates/{said['id']}"
    edit = {"unchanged_since": said["updated_at"]}
    edited = alice.patch(words, edit | {"body": "Better words."}).json["updates"][0]
    assert alice.patch(words, edit | {"body": "Worse words."}).status_code == 409
    assert alice.get(path).json["updates"][0]["body"] == "Better words."
    edit["unchanged_since"] = edited["updated_at"]
    assert alice.patch(words, edit | {"body": "Best words."}).status_code == 200


def test_a_post_mortem_is_prefilled_and_published(alice, page, seen):
    made = make_incident(alice, page, status="resolved")
    path = f"{page['path']}/{made['id']}"
    draft = alice.get(f"{path}/post-mortem-draft").json["markdown"]
    assert draft.startswith("# Payments fail")
    assert "Resolved: We look at it." in draft
    alice.patch(path, {"post_mortem": "# Why\n\nA <script>bad</script> release."})
    assert " release" not in seen(f"/incidents/{made['key']}").text
    told = alice.patch(path, {"is_post_mortem_published": True}).json
    assert told["post_mortem_published_at"]
    text = seen(f"/incidents/{made['key']}").text
    assert "<h3>Why</h3>" in text
    assert " release" in text
    assert "&lt;script&gt;" in text


def test_markdown_stays_within_its_list(alice, page, seen):
    body = (
        "[x](javascript:alert(1)) ![i](https://evil.example/i.png) <img src=x onerror=a()>\n\n"
        "[ok](https://example.com) `code`\n\n- one\n- two\n\n# Big"
    )
    made = make_incident(alice, page, body=body)
    text = seen(f"/incidents/{made['key']}").text
    update = text[text.index("class=update") :].split("</main>")[0]
    assert "javascript:" not in update.replace("javascript:alert(1))", "")
    assert "<img" not in update
    assert 'href="https://example.com" rel="nofollow noopener"' in update
    assert "<li>one</li>" in update
    assert "<h3>Big</h3>" in update


def test_services_must_be_ones_own(alice, charlie, page):
    theirs = make_service(charlie)["id"]
    for field in ({"service_ids": [theirs]}, {"service_states": {theirs: "down"}}):
        answer = alice.post(page["path"], {"title": "x", **field})
        assert answer.status_code == 422
    other, _ = make_shown(charlie, "Theirs")
    assert alice.post(f"/status-pages/{other['id']}/incidents", {"title": "x"}).status_code == 404


def test_an_incident_goes_on_after_a_service_of_it_was_deleted(alice, page, seen):
    gone, left = (service["id"] for service in page["services"])
    states = {gone: "down", left: "slow"}
    made = make_incident(alice, page, service_ids=[gone, left], service_states=states)
    assert alice.delete(f"/services/{gone}").status_code == 204
    path = f"{page['path']}/{made['id']}"
    body = {"status": "monitoring", "body": "Better.", "service_states": states}
    assert alice.post(f"{path}/updates", body).status_code == 201
    assert alice.patch(path, {"service_ids": [gone, left], "title": "Both"}).status_code == 200
    assert "Both" in seen().text
    stranger = {"service_ids": ["00000000-0000-4000-8000-000000000000"]}
    assert alice.patch(path, stranger).status_code == 422


def test_channels_hear_of_incidents(alice, page, rows):
    make_channel(alice, events=["incident.created", "incident.updated", "incident.resolved"])
    made = make_incident(alice, page)
    path = f"{page['path']}/{made['id']}/updates"
    alice.post(path, {"status": "monitoring", "body": "Better."})
    alice.post(path, {"status": "resolved", "body": "Over."})
    kinds = rows("SELECT kind FROM notifications ORDER BY created_at")
    assert kinds == [("incident.created",), ("incident.updated",), ("incident.resolved",)]


def test_lists_say_what_is_open(alice, page):
    make_incident(alice, page, title="Open")
    make_incident(alice, page, title="Over", status="resolved")
    make_incident(alice, page, title="Draft", is_draft=True)
    listed = alice.get(f"{page['path']}?is_open=true&is_draft=false").json
    assert [one["title"] for one in listed] == ["Open"]
    assert len(alice.get(page["path"]).json) == 3


def test_feeds_are_valid_and_their_ids_stay(alice, page, seen):
    made = make_incident(alice, page, title="A <b>&amp; B", body="*x* & y")
    window = make_window(alice, status_page_ids=[page["id"]], name="Move & grow")
    first = seen("/feed.atom")
    feed = feedparser.parse(first.data)
    assert not feed.bozo, feed.bozo_exception
    assert {entry.title for entry in feed.entries} == {
        "Investigating: A <b>&amp; B",
        f"Maintenance: {window['name']}",
    }
    before = {entry.id: entry.updated for entry in feed.entries}
    alice.post(f"{page['path']}/{made['id']}/updates", {"status": "resolved", "body": "Over."})
    after = {entry.id: entry.updated for entry in feedparser.parse(seen("/feed.atom").data).entries}
    assert after.keys() == before.keys()
    assert all(after[id] >= before[id] for id in before)
    rss = feedparser.parse(seen("/feed.rss").data)
    assert not rss.bozo
    assert {entry.id for entry in rss.entries} == set(before)
    (key,) = [k for k, s in seen(".json").json["services"].items() if s["name"] == "Search"]
    only = feedparser.parse(seen(f"/feed.atom?service={key}").data)
    assert [entry.title for entry in only.entries] == ["Maintenance: Move & grow"]


def test_maintenance_is_a_state_of_its_own(alice, page, seen, rows):
    rows("UPDATE services SET status = 'GREEN', status_changed_at = now()")
    shop = page["services"][0]["id"]
    window = make_window(alice, status_page_ids=[page["id"]], service_ids=[shop], name="Move")
    text = seen().text
    assert "<h1>Planned maintenance until" in text
    assert "Running" in text
    calendar = icalendar.Calendar.from_ical(seen("/maintenance.ics").data)
    (event,) = calendar.walk("VEVENT")
    assert timestamp(event.decoded("dtstart")) == f"{window['starts_at'][:19]}Z"
    assert "Move" in str(event["summary"])
    (entry,) = seen(".json").json["maintenance"]
    assert seen(f"/maintenance/{entry['id']}").status_code == 200
    assert seen(f"/maintenance/{entry['id']}.ics").status_code == 200
    rows("UPDATE services SET status = 'RED', status_changed_at = now() WHERE id = %s", shop)
    assert "Planned maintenance" in seen().text  # an outage in it is maintenance
    alice.post(f"/maintenance-windows/{window['id']}/end")
    text = seen().text
    assert "<h1>Checkout is down</h1>" in text
    assert "It took longer than planned." in text


def test_windows_of_other_pages_are_not_told(alice, page, seen):
    make_window(alice, name="A secret window")
    assert "A secret window" not in seen().text + seen(".json").text + seen("/maintenance.ics").text
