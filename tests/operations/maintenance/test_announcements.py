"""Maintenance that begins and ends: each edge told once, by the edit that makes it or by a tick."""

from datetime import timedelta

import pytest

from app.operations.maintenance import announcements as maintenance_announcements
from app.platform.clock import utcnow
from app.platform.events import timestamp
from tests.alerting import make_window
from tests.event_messages import at_once, kinds, listen, live_events

BOTH = ("maintenance.started", "maintenance.ended")
STARTED, ENDED = BOTH


@pytest.fixture(autouse=True)
def listener(alice):
    return listen(alice, *BOTH)


@pytest.fixture
def tick(app):
    def tick():
        with app.app_context():
            found = 0
            while maintenance_announcements.enqueue_due():
                found += 1
            return found

    return tick


@pytest.fixture
def pass_by(rows):
    """Let an hour and a half go by: whatever stands in a window moves into the past."""

    def pass_by(**span):
        earlier = timedelta(**(span or {"minutes": 90}))
        rows(
            "UPDATE maintenance_windows SET starts_at = starts_at - %s, ends_at = ends_at - %s,"
            " next_edge_at = next_edge_at - %s, announced_start_at = announced_start_at - %s",
            *[earlier] * 4,
        )

    return pass_by


def times(begin, end):
    now = utcnow()
    return {
        "starts_at": timestamp(now + timedelta(hours=begin)),
        "ends_at": timestamp(now + timedelta(hours=end)),
    }


def test_one_that_is_to_come_is_told_as_it_begins_and_as_it_ends(app, alice, rows, tick, pass_by):
    window = make_window(alice, **times(1, 2), description="Postgres 18")
    assert (tick(), kinds(rows)) == (0, [])
    pass_by()
    before = rows("SELECT updated_at FROM maintenance_windows")
    assert (tick(), tick(), kinds(rows)) == (1, 0, [STARTED])
    assert rows("SELECT updated_at FROM maintenance_windows") == before, "no edit by anybody"
    pass_by()
    assert (tick(), tick(), kinds(rows)) == (1, 0, [STARTED, ENDED])
    messages = [row[0] for row in rows("SELECT message FROM notifications ORDER BY created_at")]
    assert messages[0]["maintenance"]["name"] == "Upgrade"
    assert messages[0]["maintenance"]["description"] == "Postgres 18"
    assert messages[0]["maintenance"]["starts_at"] < messages[0]["maintenance"]["ends_at"]
    events = live_events(app, alice, "maintenance")
    assert [event["type"] for event in events] == [STARTED, ENDED]
    assert events[0]["data"]["id"] == window["id"]
    assert rows("SELECT next_edge_at FROM maintenance_windows") == [(None,)]


def test_one_that_is_on_as_it_is_made_is_told_at_once(alice, rows, tick):
    make_window(alice)
    assert kinds(rows) == [STARTED]
    assert (tick(), kinds(rows)) == (0, [STARTED])


def test_ended_by_hand(alice, rows, tick):
    path = f"/maintenance-windows/{make_window(alice)['id']}"
    assert alice.post(f"{path}/end").status_code == 200
    assert kinds(rows) == [STARTED, ENDED]
    alice.post(f"{path}/end")
    assert (tick(), kinds(rows)) == (0, [STARTED, ENDED])
    alice.patch(path, times(-1, 3) | {"reopen": True})
    assert kinds(rows) == [STARTED, ENDED, STARTED], "it goes on again"


def test_called_off_before_it_began(alice, rows, tick, pass_by):
    path = f"/maintenance-windows/{make_window(alice, **times(1, 2))['id']}"
    alice.post(f"{path}/end")
    pass_by()
    tick()
    assert kinds(rows) == []


@pytest.mark.parametrize(
    ("first", "edit", "told"),
    [
        ((-1, 1), {"name": "Renamed"}, [STARTED]),
        ((-1, 1), times(-1, 5), [STARTED]),
        ((-1, 1), times(-2, 1), [STARTED]),
        ((-1, 1), times(3, 5), [STARTED, ENDED]),
        ((-1, 1), times(-3, -2), [STARTED, ENDED]),
        ((1, 2), times(-1, 1), [STARTED]),
        ((1, 2), times(3, 4), []),
    ],
)
def test_an_edit_is_told_by_what_it_changes(alice, rows, tick, first, edit, told):
    window = make_window(alice, **times(*first))
    assert alice.patch(f"/maintenance-windows/{window['id']}", edit).status_code == 200
    assert kinds(rows) == told
    tick()
    assert kinds(rows) == told


def test_deleted(alice, rows, tick):
    on, later = make_window(alice), make_window(alice, **times(1, 2))
    for window in (on, later):
        assert alice.delete(f"/maintenance-windows/{window['id']}").status_code == 204
    assert kinds(rows) == [STARTED, ENDED]
    assert rows("SELECT DISTINCT message -> 'maintenance' ->> 'id' FROM notifications") == [
        (on["id"],)
    ]


def test_a_recurring_one_comes_again(alice, rows, tick):
    now = utcnow().replace(microsecond=0)
    make_window(
        alice,
        starts_at=timestamp(now - timedelta(days=3, minutes=10)),
        ends_at=None,
        recurrence="FREQ=DAILY",
        duration_minutes=30,
    )
    assert kinds(rows) == [STARTED]
    ((following,),) = rows("SELECT next_edge_at FROM maintenance_windows")
    assert following == now + timedelta(minutes=20)
    ((starts_at,),) = rows("SELECT message -> 'maintenance' ->> 'starts_at' FROM notifications")
    assert starts_at == timestamp(now - timedelta(minutes=10)), "this time's, not the first one's"
    # An hour later, which is after the end of this time.
    rows(
        "UPDATE maintenance_windows SET starts_at = starts_at - interval '1 hour',"
        " next_edge_at = next_edge_at - interval '1 hour'"
    )
    assert (tick(), kinds(rows)) == (1, [STARTED, ENDED])
    ((following,),) = rows("SELECT next_edge_at FROM maintenance_windows")
    assert following == now + timedelta(hours=22, minutes=50)


def test_after_a_long_stop_of_ours(alice, rows, tick, pass_by):
    make_window(alice, **times(1, 2), name="unheard of")
    pass_by(hours=30)
    assert tick() == 1
    assert kinds(rows) == [], "long past"
    make_window(alice, **times(-1, 1), name="heard of")
    pass_by(hours=30)
    tick()
    assert kinds(rows) == [STARTED, ENDED], "whoever heard of it hears of its end"
    ((ends_at,),) = rows(
        "SELECT message -> 'maintenance' ->> 'ends_at' FROM notifications WHERE kind = %s", ENDED
    )
    assert ends_at < timestamp(utcnow() - timedelta(hours=28))


def test_a_short_one_between_two_ticks_is_told_in_order(alice, rows, tick, pass_by):
    make_window(alice, **times(0.5, 0.6))
    pass_by(minutes=50)
    assert (tick(), kinds(rows)) == (2, [STARTED, ENDED])
    ((first, second),) = rows("SELECT min(created_at), max(created_at) FROM notifications")
    assert first < second, "the second waits for the first at the outbox"


def test_ticks_at_once_tell_each_edge_once(app, alice, rows, tick, pass_by):
    for number in range(6):
        make_window(alice, **times(1, 2), name=f"Upgrade {number}")
    pass_by()
    at_once(app, tick)
    assert kinds(rows) == [STARTED] * 6
    pass_by()
    at_once(app, tick)
    assert sorted(kinds(rows)) == [ENDED] * 6 + [STARTED] * 6
    assert len(live_events(app, alice, "maintenance")) == 12


def test_a_tick_and_an_end_by_hand_at_once(app, alice, rows, tick, pass_by):
    windows = [make_window(alice, **times(1, 9))["id"] for _ in range(6)]
    pass_by()
    ends = iter([None] * 3 + windows)

    def act():
        window = next(ends)
        if window is None:
            return tick()
        return alice.post(f"/maintenance-windows/{window}/end").status_code

    at_once(app, act, times=9)
    tick()
    ((started, ended),) = rows(
        "SELECT count(*) FILTER (WHERE kind = %s), count(*) FILTER (WHERE kind = %s)"
        " FROM notifications",
        STARTED,
        ENDED,
    )
    assert started == ended, "an end is told of what was told to have begun, and of nothing else"


def test_a_kill_before_the_commit_leaves_it_to_the_next_tick(
    alice, rows, tick, pass_by, monkeypatch
):
    make_window(alice, **times(1, 2))
    pass_by()

    def killed(*_args, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(maintenance_announcements.enqueue, "event", killed)
        with pytest.raises(KeyboardInterrupt):
            tick()
    assert kinds(rows) == []
    assert (tick(), kinds(rows)) == (1, [STARTED])


def test_the_audit_log_tells_of_edits_only(alice, rows, tick):
    window = make_window(alice)
    alice.post(f"/maintenance-windows/{window['id']}/end")
    found = rows(
        "SELECT event, after FROM audit_logs WHERE resource_type = 'maintenance_window' ORDER BY id"
    )
    assert [event for event, _ in found] == [
        "maintenance_window.created",
        "maintenance_window.updated",
    ]
    assert list(found[1][1]) == ["ended_at"]
