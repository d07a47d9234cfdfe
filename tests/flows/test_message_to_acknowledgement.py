"""From a failed check to a message, and from its link to an acknowledgement, without a browser."""

import re
import time

from app.domain.types import Observation, Status
from app.operations.checks import claim as checks_claim
from app.operations.checks import record as checks_record
from tests.alerting import make_channel
from tests.factories import make_service
from tests.receivers import Answer, HttpReceiver

LINK = re.compile(r"/api/v1/alerts/act/[\w.-]+")
RED = Observation(Status.RED, None, error="connection refused")


def fail(app):
    with app.app_context():
        claimed = checks_claim.claim("default", 10)
        checks = [claim.finished(RED, claimed.now) for claim in claimed.claims]
        checks_record.record(checks, claimed.now)


def test_a_message_is_answered_by_its_link(app, alice, client, dispatcher):
    with HttpReceiver() as receiver:
        channel = make_channel(alice, config={"webhook_url": f"{receiver.url}/hook"})
        make_service(alice)
        fail(app)
        (message,) = receiver.wait_for(1)
        (alert,) = alice.get("/alerts").json
        assert alert["title"] == "Service down Triggered by Check"

        link = LINK.search(message.body.decode())[0]
        assert client.get(link).status_code == 200
        assert client.post(link).status_code == 200
        taken = alice.get(f"/alerts/{alert['id']}").json
        assert taken["status"] == "acknowledged"
        assert taken["acknowledged_by"] == "link sent to Ops"
        receiver.wait_for(2)

    deadline = time.monotonic() + 60
    path = f"/alerts/{alert['id']}/notifications"
    while any(one["status"] != "sent" for one in alice.get(path).json):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    kinds = [one["kind"] for one in alice.get(path).json]
    assert kinds == ["alert.acknowledged", "alert.fired"]
    assert alice.get(f"/notification-channels/{channel['id']}").json["last_success_at"]


def test_the_test_button_tells_what_the_receiver_said(app, alice, dispatcher):
    with HttpReceiver([200, Answer(404, body="no such hook")]) as receiver:
        config = {"url": f"{receiver.url}/hook"}
        channel = make_channel(alice, name="Hook", type="webhook", config=config)
        path = f"/notification-channels/{channel['id']}"
        good = alice.post(f"{path}/test")
        assert (good.status_code, good.json["ok"], good.json["status_code"]) == (200, True, 200)
        bad = alice.post(f"{path}/test").json
        assert (bad["ok"], bad["status_code"]) == (False, 404)
        assert bad["error"]
    found = alice.get(path).json
    assert not found["is_healthy"]
    assert found["last_error"] == bad["error"]
    latest = alice.get(f"{path}/deliveries").json[0]
    assert latest["kind"] == "test"
    assert latest["attempts"][0]["answer"] == "no such hook"
