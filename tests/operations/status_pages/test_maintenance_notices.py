"""Subscribers are told of maintenance: announced, begun, over, moved and called off, each once."""

from datetime import timedelta
from urllib.parse import urlsplit

import feedparser
import pytest
from icalendar import Calendar

from app.operations.status_pages import maintenance_notices
from app.platform.clock import utcnow
from app.platform.events import timestamp
from tests.alerting import make_subscriber, make_window
from tests.status_pages import make_shown, take_snapshots


@pytest.fixture
def page(alice, configure):
    configure(smtp_url="smtp://127.0.0.1:9")
    page, services = make_shown(alice, "Checkout")
    make_subscriber(alice, page)
    return page | {"services": services}


@pytest.fixture
def notices(app, rows):
    """Return the events told since the last call; what was told before has gone out."""

    def take():
        with app.app_context():
            for page_id in maintenance_notices.pages():
                maintenance_notices.notify(page_id)
        found = rows(
            "UPDATE notifications SET status = 'sent' WHERE kind = 'subscriber.news'"
            " AND status <> 'sent' RETURNING message ->> 'event', created_at"
        )
        return [
            event.removeprefix("maintenance.") for event, _ in sorted(found, key=lambda r: r[1])
        ]

    return take


def coming(alice, page, hours=72, **more):
    begin = utcnow() + timedelta(hours=hours)
    return make_window(
        alice,
        status_page_ids=[page["id"]],
        starts_at=timestamp(begin),
        ends_at=timestamp(begin + timedelta(hours=1)),
        **more,
    )


def test_maintenance_is_told_of_once(app, alice, page, rows):
    window = coming(alice, page)
    with app.app_context():
        counts = [maintenance_notices.notify(id) for id in maintenance_notices.pages() * 2]
        assert counts == [1, 0]
        ends_at = timestamp(utcnow() + timedelta(hours=75))
        alice.patch(f"/maintenance-windows/{window['id']}", {"ends_at": ends_at})
        assert [maintenance_notices.notify(id) for id in maintenance_notices.pages()] == [1]
    messages = rows("SELECT message ->> 'event' FROM notifications WHERE kind = 'subscriber.news'")
    assert messages == [("maintenance.changed",)]  # it took the place of what nobody had got yet


def test_a_deleted_window_is_called_off(alice, page, notices, rows):
    window = coming(alice, page, name="New disks")
    assert notices() == ["announced"]
    alice.delete(f"/maintenance-windows/{window['id']}")
    ((subject, text),) = rows(
        "SELECT message ->> 'subject', message ->> 'text' FROM notifications"
        " WHERE message ->> 'event' = 'maintenance.cancelled'"
    )
    assert "New disks" in subject
    assert text.startswith("The maintenance is cancelled.")
    assert notices() == ["cancelled"]
    assert notices() == []


def test_a_running_window_that_is_deleted_is_over(alice, page, notices):
    window = make_window(alice, status_page_ids=[page["id"]])
    assert notices() == ["started"]
    alice.delete(f"/maintenance-windows/{window['id']}")
    assert notices() == ["ended"]


def test_what_nobody_was_told_of_is_not_called_off(alice, page, notices):
    alice.delete(f"/maintenance-windows/{coming(alice, page)['id']}")
    assert notices() == []


def test_a_window_that_was_called_off_is_not_called_off_again(alice, page, notices):
    window = coming(alice, page)
    assert notices() == ["announced"]
    alice.post(f"/maintenance-windows/{window['id']}/end")
    assert notices() == ["cancelled"]
    alice.delete(f"/maintenance-windows/{window['id']}")
    assert notices() == []


def test_a_page_that_is_taken_from_a_window_and_named_again(alice, page, notices):
    window = coming(alice, page)
    path = f"/maintenance-windows/{window['id']}"
    assert notices() == ["announced"]
    alice.patch(path, {"status_page_ids": []})
    assert notices() == ["cancelled"]
    alice.patch(path, {"status_page_ids": [page["id"]]})
    assert notices() == ["announced"]
    assert notices() == []


def test_a_window_that_is_moved_and_moved_back(alice, page, notices, rows):
    window = coming(alice, page)
    path = f"/maintenance-windows/{window['id']}"
    first = {name: window[name] for name in ("starts_at", "ends_at")}
    later = {name: timestamp(utcnow() + timedelta(hours=hours))
             for name, hours in (("starts_at", 96), ("ends_at", 97))}  # fmt: skip
    assert notices() == ["announced"]
    for times in (later, first):
        assert alice.patch(path, times).status_code == 200
        assert notices() == ["changed"]
        assert notices() == []
    threads = rows("SELECT DISTINCT subject_key, message ->> 'link' FROM notifications"
                   " WHERE kind = 'subscriber.news'")  # fmt: skip
    assert len(threads) == 1  # one conversation, and one address that stays
    alice.delete(path)
    assert notices() == ["cancelled"]


def test_a_window_that_is_moved_by_weeks_is_changed_and_stays_on_the_page(
    app, client, alice, page, notices, rows
):
    window = coming(alice, page)
    path = f"/maintenance-windows/{window['id']}"
    assert notices() == ["announced"]
    later = utcnow() + timedelta(days=40)
    times = {"starts_at": timestamp(later), "ends_at": timestamp(later + timedelta(hours=1))}
    alice.patch(path, times)
    ((link, starts_at),) = told(notices, rows)
    assert starts_at == times["starts_at"]
    assert notices() == []
    take_snapshots(app)
    assert client.get(urlsplit(link).path).status_code == 200  # what they were told leads to it
    # It is announced as any other where nobody was told of it yet.
    assert coming(alice, page, hours=15 * 24)["id"]
    assert notices() == []
    alice.delete(path)
    assert notices() == ["cancelled"]


def told(notices, rows):
    """Return link and beginning of the changes told since the last call."""
    assert notices() == ["changed"]
    return rows(
        "SELECT message ->> 'link', message #>> '{data,maintenance,starts_at}' FROM notifications"
        " WHERE message ->> 'event' = 'maintenance.changed'"
    )


def test_a_window_that_is_moved_to_now_has_begun(alice, page, notices):
    window = coming(alice, page)
    assert notices() == ["announced"]
    at = utcnow()
    times = {"starts_at": timestamp(at), "ends_at": timestamp(at + timedelta(hours=1))}
    alice.patch(f"/maintenance-windows/{window['id']}", times)
    assert notices() == ["started"]
    assert notices() == []


def test_what_was_told_of_moved_maintenance_leads_to_it(app, alice, client, page):
    window = coming(alice, page)
    take_snapshots(app)
    root = f"/status/{page['slug']}"

    def told():
        (event,) = Calendar.from_ical(client.get(f"{root}/maintenance.ics").data).events
        (entry,) = feedparser.parse(client.get(f"{root}/feed.atom").data).entries
        return event, entry, urlsplit(entry.link).path

    event, entry, path = told()
    later = utcnow() + timedelta(hours=96)
    alice.patch(
        f"/maintenance-windows/{window['id']}",
        {"starts_at": timestamp(later), "ends_at": timestamp(later + timedelta(hours=2))},
    )
    take_snapshots(app)
    moved, moved_entry, moved_path = told()
    assert (moved["UID"], moved_entry.id, moved_path) == (event["UID"], entry.id, path)
    assert abs(moved.start - later) < timedelta(seconds=1)
    assert moved["SEQUENCE"] >= event["SEQUENCE"] > 0
    assert client.get(path).status_code == client.get(f"{path}.ics").status_code == 200


def test_a_skipped_occurrence_is_called_off(alice, page, notices):
    window = make_window(
        alice,
        status_page_ids=[page["id"]],
        starts_at=timestamp(utcnow() + timedelta(hours=30)),
        ends_at=None,
        recurrence="FREQ=WEEKLY",
        duration_minutes=60,
    )
    assert notices() == ["announced"]
    answer = alice.post(f"/maintenance-windows/{window['id']}/skip")
    assert answer.status_code == 200, answer.text
    assert sorted(notices()) == ["announced", "cancelled"]
