"""Badges: what they show, to whom, and that names cannot break them."""

from xml.etree import ElementTree

import pytest

from tests.alerting import make_window
from tests.factories import make_result, make_service
from tests.heartbeats import age, make_heartbeat, sweep
from tests.times import ago


@pytest.fixture
def show(client):
    def get(heartbeat, what="status", query=""):
        answer = client.get(f"/api/v1/badges/{heartbeat['badge_key']}/{what}.svg{query}")
        assert answer.status_code == 200, answer.text
        assert answer.mimetype == "image/svg+xml"
        return ElementTree.fromstring(answer.text).attrib["aria-label"]

    return get


def test_badge_of_the_status(alice, show, app, rows):
    heartbeat = make_heartbeat(alice, name="Backup")
    assert show(heartbeat) == "Backup: healthy"
    age(rows, heartbeat["id"], hours=2)
    sweep(app, rows)
    assert show(heartbeat) == "Backup: missed"
    assert show(heartbeat, query="?label=my+job") == "my job: missed"
    alice.post(f"/heartbeats/{heartbeat['id']}/pause")
    assert show(heartbeat) == "Backup: paused"


def test_badge_of_uptime(alice, show, app, rows):
    heartbeat = make_heartbeat(alice, name="Backup")
    age(rows, heartbeat["id"], hours=10)
    assert show(heartbeat, "uptime") == "Backup: 100%"
    rows("UPDATE heartbeats SET created_at = now() - interval '10 hours', status = 'missed'")
    rows(
        "INSERT INTO heartbeat_flips (heartbeat_id, at, from_status, to_status, is_handled)"
        " VALUES (%s, now() - interval '1 hour', 'late', 'missed', true)",
        heartbeat["id"],
    )
    assert show(heartbeat, "uptime") in ("Backup: 90.00%", "Backup: 89.99%")


def test_badge_of_the_response_time(alice, client, show, rows):
    heartbeat = make_heartbeat(alice, name="Backup")
    assert show(heartbeat, "response") == "Backup: unknown"
    client.post(f"/api/v1/heartbeat/{heartbeat['unique_key']}/start")
    age(rows, heartbeat["id"], seconds=95)
    client.post(f"/api/v1/heartbeat/{heartbeat['unique_key']}")
    assert show(heartbeat, "response") == "Backup: 1 min 35 s"


@pytest.fixture
def show_service(client):
    def get(service, what="status", query=""):
        path = service["badge_url"].removeprefix("http://localhost")
        answer = client.get(path.replace("status.svg", f"{what}.svg") + query)
        assert answer.status_code == 200, answer.text
        return ElementTree.fromstring(answer.text).attrib["aria-label"]

    return get


def test_a_service(alice, client, show_service, rows, connection):
    service = make_service(alice, name="Shop")
    assert show_service(service) == "Shop: pending"
    assert show_service(service, "uptime") == show_service(service, "response") == "Shop: unknown"
    for minute, status in ((30, "GREEN"), (29, "GREEN"), (28, "RED"), (27, "GREEN")):
        make_result(connection, service["id"], ago(minutes=minute), status, response_time_ms=40)
    rows("UPDATE services SET status = 'RED'")
    assert show_service(service) == "Shop: down"
    # Up: two minutes, and the 135 seconds that the last result speaks for; down: one minute.
    assert show_service(service, "uptime") == "Shop: 80.95%"
    assert show_service(service, "response", "?label=web&style=plain") == "web: 40 ms"
    make_window(alice, service_ids=[service["id"]])
    assert show_service(service) == "Shop: maintenance"
    alice.post(f"/services/{service['id']}/pause")
    assert show_service(service) == "Shop: paused"
    alice.delete(f"/services/{service['id']}")
    gone = client.get(service["badge_url"].removeprefix("http://localhost"))
    assert (gone.status_code, gone.data) == (404, b'{"error":"not found"}')


def test_a_key_of_a_service_tells_nothing_of_it(alice, client):
    services = [make_service(alice, name=name) for name in ("One", "Two")]
    keys = {service["badge_url"] for service in services}
    assert len(keys) == 2
    for service in services:
        answer = client.get(service["badge_url"].removeprefix("http://localhost"))
        told = f"{answer.headers} {answer.text} {service['badge_url']}"
        for secret in (service["id"], service["organization_id"], service["endpoint"]):
            assert secret not in told
        assert client.get(f"/api/v1/badges/{service['id']}/status.svg").status_code == 404


def test_names_are_escaped_and_cut(alice, show):
    heartbeat = make_heartbeat(alice, name='<script>alert("1")</script>&' + "x" * 100)
    assert show(heartbeat).startswith('<script>alert("1")</script>&xx')
    assert len(show(heartbeat)) < 80


def test_unknown_keys_are_all_the_same(alice, client):
    heartbeat = make_heartbeat(alice)
    paths = [
        "hb-unknown/status.svg",
        "zz-unknown/status.svg",
        f"{heartbeat['unique_key']}/status.svg",
        f"{heartbeat['badge_key']}/nothing.svg",
        f"{heartbeat['badge_key']}/status.png",
    ]
    for path in paths:
        answer = client.get(f"/api/v1/badges/{path}")
        assert (answer.status_code, answer.data) == (404, b'{"error":"not found"}'), path


def test_a_badge_key_does_not_ping(alice, client):
    heartbeat = make_heartbeat(alice)
    assert client.post(f"/api/v1/heartbeat/{heartbeat['badge_key']}").status_code == 404
