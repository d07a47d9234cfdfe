"""/alerts/act: the page behind a signed link in a message."""

import hashlib
import time
from base64 import b64encode
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from itsdangerous import TimestampSigner

from app.security import alert_links
from app.security.alert_links import AlertAction, sign
from tests.alerting import make_alert, make_channel
from tests.factories import make_service


@pytest.fixture
def service(alice):
    return make_service(alice, name="<script>alert(1)</script>")


@pytest.fixture
def alert(service, connection):
    return make_alert(connection, service, title='Down "now" <img src=x onerror=alert(1)>')


def link(app, alert, action="acknowledge"):
    with app.app_context():
        return sign(AlertAction(action, alert, "ops@example.com")).removeprefix("http://localhost")


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, answer):
        super().__init__()
        assert answer.mimetype == "text/html"
        self.tags, self.words, self.attributes = [], [], []
        self.feed(answer.text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.words.append(data.strip())


def test_opening_the_link_changes_nothing(app, client, alert, rows):
    path = link(app, alert)
    for method in ("GET", "HEAD", "GET"):
        assert client.open(path, method=method).status_code == 200
    page = Page(client.get(path))
    assert "Acknowledge" in page.words
    assert "firing" in page.words
    assert rows("SELECT status FROM alerts") == [("firing",)]
    assert rows("SELECT count(*) FROM alert_events") == [(1,)]


def test_the_button_acknowledges(app, client, alice, alert):
    path = link(app, alert)
    done = client.post(path)
    assert done.status_code == 200
    assert "Acknowledged." in Page(done).words
    found = alice.get(f"/alerts/{alert}").json
    assert found["status"] == "acknowledged"
    assert found["acknowledged_by"] == "link sent to ops@example.com"
    assert client.post(path).status_code == 200
    assert alice.get(f"/alerts/{alert}").json == found
    later = Page(client.get(path))
    assert "button" not in later.tags
    assert "link sent to ops@example.com" in " ".join(later.words)


def test_the_timeline_names_whom_the_link_was_sent_to(app, client, alice, alert):
    for recipient, name in (
        (f"user:{alice.user_id}:0", "Alice"),
        (f"channel:{make_channel(alice)['id']}", "Ops"),
    ):
        with app.app_context():
            path = sign(AlertAction("snooze", alert, recipient)).removeprefix("http://localhost")
        assert client.post(path).status_code == 200
        line = alice.get(f"/alerts/{alert}").json["timeline"][-1]
        assert (line["kind"], line["actor"]) == ("snoozed", f"link sent to {name}")


def test_a_link_ends_with_the_membership_of_whom_it_was_sent_to(
    app, client, alice, bob, alert, rows
):
    with app.app_context():
        signed = sign(AlertAction("snooze", alert, f"user:{bob.user_id}:0"))
    path = signed.removeprefix("http://localhost")
    assert client.get(path).status_code == 200
    assert alice.delete(f"/members/{bob.user_id}").status_code == 204
    assert client.get(path).status_code == client.post(path).status_code == 404
    rows(
        "INSERT INTO memberships (id, organization_id, user_id, role, created_at)"
        " VALUES (gen_random_uuid(), %s, %s, 'admin', now() + interval '5 seconds')",
        alice.organization_id,
        bob.user_id,
    )
    assert client.get(path).status_code == client.post(path).status_code == 404, "also if they come"
    assert alice.get(f"/alerts/{alert}").json["snoozed_until"] is None


def test_a_link_acts_no_more_for_somebody_who_may_only_read_by_now(app, client, alice, bob, alert):
    with app.app_context():
        signed = sign(AlertAction("acknowledge", alert, f"user:{bob.user_id}:0"))
    path = signed.removeprefix("http://localhost")
    assert "button" in Page(client.get(path)).tags
    alice.patch(f"/members/{bob.user_id}", {"role": "viewer"})
    assert bob.post(f"/alerts/{alert}/acknowledge").status_code == 403
    page = Page(client.get(path))
    assert "button" not in page.tags
    assert "may only read" in " ".join(page.words)
    refused = client.post(path, headers=BROWSER)
    assert (refused.status_code, "may only read" in refused.text) == (403, True)
    as_json = client.post(path)
    assert as_json.status_code == 403
    assert alice.get(f"/alerts/{alert}").json["status"] == "firing"
    alice.patch(f"/members/{bob.user_id}", {"role": "responder"})
    assert client.post(path).status_code == 200


def test_the_button_snoozes(app, client, alice, alert):
    assert "Snooze for 1 hour" in Page(client.get(link(app, alert, "snooze"))).words
    assert client.post(link(app, alert, "snooze")).status_code == 200
    found = alice.get(f"/alerts/{alert}").json
    assert found["snoozed_until"] is not None
    assert found["status"] == "firing"


def test_text_from_outside_stays_text(app, client, alert):
    answer = client.get(link(app, alert))
    page = Page(answer)
    assert "<script>alert(1)</script>" in page.words
    assert not {"script", "img"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name == "src"]
    assert "http" not in answer.text.replace("HTTP 503", "")


def test_the_page_needs_and_allows_nothing_from_elsewhere(app, client, alert):
    answer = client.get(link(app, alert))
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    style = answer.text.partition("<style>")[2].partition("</style>")[0]
    assert b64encode(hashlib.sha256(style.encode()).digest()).decode() in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert ("lang", "en") in Page(answer).attributes


def test_a_resolved_alert_has_no_button(app, client, alice, alert):
    alice.post(f"/alerts/{alert}/resolve")
    page = Page(client.get(link(app, alert)))
    assert "button" not in page.tags
    late = client.post(link(app, alert), headers=BROWSER)
    assert late.status_code == 409
    assert "This alert is resolved" in Page(late).words


def test_an_old_link_has_expired(app, client, alert, rows, monkeypatch):
    with monkeypatch.context() as past:
        past.setattr(TimestampSigner, "get_timestamp", lambda _: int(time.time()) - 8 * 86400)
        path = link(app, alert)
    for answer in (client.get(path, headers=BROWSER), client.post(path, headers=BROWSER)):
        assert answer.status_code == 410
        assert "This link has expired" in Page(answer).words
    assert rows("SELECT status FROM alerts") == [("firing",)]


@pytest.mark.parametrize("change", [str.upper, lambda path: path[:-1], lambda path: path + "A"])
def test_a_changed_link_is_not_one_of_ours(app, client, alert, rows, change):
    prefix, _, signed = link(app, alert).rpartition("/")
    for path in (f"{prefix}/{change(signed)}", f"{prefix}/x.y.z", f"{prefix}/ä"):
        for method in ("GET", "POST"):
            answer = client.open(path, method=method, headers=BROWSER)
            assert answer.status_code == 404
            assert "This link is not valid" in Page(answer).words
    assert rows("SELECT status FROM alerts") == [("firing",)]


def test_a_link_is_for_one_alert_and_one_action(app, client, alert, service, connection, rows):
    make_alert(connection, service)
    client.post(link(app, alert))
    assert sorted(rows("SELECT status FROM alerts")) == [("acknowledged",), ("firing",)]


def test_an_alert_that_is_gone(app, client):
    answer = client.get(link(app, uuid4()), headers=BROWSER)
    assert answer.status_code == 404
    assert "This alert does not exist any more" in Page(answer).words


def test_programs_get_failures_as_json(app, client, alice, alert):
    answer = client.get("/api/v1/alerts/act/x")
    assert (answer.status_code, answer.json) == (404, {"error": "this link is not valid"})
    alice.post(f"/alerts/{alert}/resolve")
    late = client.post(link(app, alert), headers={"Accept": "application/json"})
    assert (late.status_code, late.json) == (409, {"error": "this alert is resolved"})


@pytest.mark.parametrize(
    "content",
    [
        ["resolve", str(uuid4()), "channel:x"],
        ["", str(uuid4()), "channel:x"],
        ["acknowledge", str(uuid4()), 7],
        ["acknowledge", 7, "channel:x"],
        ["acknowledge"],
        {"action": "acknowledge"},
        "acknowledge",
        None,
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_signed_link_that_makes_no_sense_is_not_found(context, client, content, method):
    token = alert_links._serializer().dumps(content)
    assert client.open(f"/api/v1/alerts/act/{token}", method=method).status_code == 404
