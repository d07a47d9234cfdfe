"""/alerts/…/notifications and /notification-channels/…/deliveries: the log of what was sent."""

from datetime import timedelta

import pytest

from tests.alerting import NOW, insert, make_alert, make_channel, make_notification
from tests.factories import make_member


@pytest.fixture
def dora(app, alice):
    """Dora is a responder in Alice's organization."""
    return make_member(app, alice, "Dora", "responder")


def test_the_delivery_log_shows_every_try(app, alice, dora, service, connection):
    channel = make_channel(alice)
    alert = make_alert(connection, service)
    common = {"alert_id": alert, "subject_key": f"alert:{alert}"}
    sent = make_notification(
        connection,
        alice.organization_id,
        channel_id=channel["id"],
        recipient_key=f"channel:{channel['id']}",
        sent_at=NOW,
        created_at=NOW,
        **common,
    )
    for number, error in ((1, "HTTP 503"), (2, None)):
        insert(
            connection,
            "notification_attempts",
            notification_id=sent,
            number=number,
            started_at=NOW,
            finished_at=NOW,
            status_code=503 if error else 200,
            error=error,
            answer="from inside",
            duration_ms=12.5,
        )
    make_notification(
        connection,
        alice.organization_id,
        contact={"type": "email", "config": {"to": [dora.email]}},
        recipient_key=f"user:{dora.user_id}:0",
        status="pending",
        created_at=NOW + timedelta(seconds=1),
        **common,
    )
    to_dora, to_channel = alice.get(f"/alerts/{alert}/notifications").json
    assert (to_dora["person_name"], to_dora["channel_type"]) == ("Dora", "email")
    assert to_dora["attempts"] == []
    assert to_dora["next_try_at"] is not None
    assert to_channel["channel_name"] == "Ops"
    assert to_channel["next_try_at"] is None
    assert [attempt["error"] for attempt in to_channel["attempts"]] == ["HTTP 503", None]
    assert to_channel["attempts"][0]["answer"] == "from inside"
    seen = dora.get(f"/alerts/{alert}/notifications")
    assert "from inside" not in seen.text
    assert seen.json[1]["attempts"][1]["status_code"] == 200
    first = alice.get(f"/alerts/{alert}/notifications?limit=1")
    following = alice.get(first.headers["Link"].split("/api/v1")[1].split(">")[0])
    assert [first.json[0]["id"], following.json[0]["id"]] == [to_dora["id"], to_channel["id"]]
    by_channel = alice.get(f"/notification-channels/{channel['id']}/deliveries").json
    assert by_channel == [to_channel]
