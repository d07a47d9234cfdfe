"""Channels under simultaneous edits."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest

from app.operations.notifications import channels as notification_channels
from app.platform.errors import Invalid
from tests.alerting import make_alert, make_channel, make_notification
from tests.factories import make_service


def at_once(app, *calls):
    """Run calls in threads that begin together; return what each returned or raised."""
    barrier = Barrier(len(calls))

    def run(call):
        with app.app_context():
            barrier.wait()
            try:
                return call()
            except Exception as error:
                return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.parametrize("_", range(5))
def test_two_edits_close_no_circle_together(app, alice, _):
    one, two = (UUID(make_channel(alice)["id"]) for _ in range(2))

    def point(channel, fallback):
        return lambda: notification_channels.update(
            alice.organization_id, channel, {"fallback_channel_id": fallback}
        )

    found = at_once(app, point(one, two), point(two, one))
    assert sum(isinstance(one, Invalid) for one in found) == 1
    linked = [one["fallback_channel_id"] for one in alice.get("/notification-channels").json]
    assert sorted(map(bool, linked)) == [False, True]


def test_a_channel_that_is_switched_off_is_not_told_what_waited_for_it(app, alice, connection):
    channel = make_channel(alice)
    alert_id = make_alert(connection, make_service(alice))
    about = {
        "alert_id": alert_id,
        "channel_id": channel["id"],
        "recipient_key": f"channel:{channel['id']}",
    }
    told = {**about, "subject_key": "alert:told"}
    make_notification(connection, alice.organization_id, **told, status="sent")
    for kind, subject in [("alert.resolved", "alert:told"), ("alert.fired", "alert:other")]:
        make_notification(
            connection,
            alice.organization_id,
            **{**about, "subject_key": subject, "kind": kind, "status": "pending"},
        )
    path = f"/notification-channels/{channel['id']}"
    assert alice.patch(path, {"is_enabled": False}).status_code == 200
    found = connection.execute(
        "SELECT kind, subject_key, status FROM notifications ORDER BY created_at"
    ).fetchall()
    assert found == [
        ("alert.fired", "alert:told", "sent"),
        ("alert.resolved", "alert:told", "pending"),
        ("alert.fired", "alert:other", "cancelled"),
    ]
    timeline = alice.get(f"/alerts/{alert_id}").json["timeline"]
    assert timeline[-1]["text"] == "Ops was switched off before it was told"
