"""/alert-rules/preview: an unsaved rule tried on stored results."""

from datetime import timedelta

import pytest

from tests.alerting import NOW, RED
from tests.factories import make_result, make_service


@pytest.fixture
def service(alice):
    return make_service(alice, tags=["web"])


def outage(connection, service, letters, every=60, settled=None, **changes):
    """Store a result for each letter; `settled` are the statuses of the service after each."""
    statuses = {"G": "GREEN", "R": "RED", "Y": "YELLOW", "U": "UNKNOWN"}
    start = NOW - timedelta(seconds=every * len(letters))
    for at, letter in enumerate(letters):
        make_result(
            connection,
            service["id"],
            start + timedelta(seconds=every * at),
            statuses[letter],
            error="HTTP 503" if letter == "R" else None,
            settled_status=statuses[settled[at]] if settled else None,
            **changes,
        )


WINDOW = {"from": "2026-03-02T13:00:00Z", "to": "2026-03-02T14:00:00Z"}


def test_a_preview_tells_what_would_have_been(alice, bob, service, connection, rows):
    outage(connection, service, "GGRRGGRG")
    answer = bob.post("/alert-rules/preview", WINDOW | {"condition": RED})
    assert answer.status_code == 200, answer.text
    found = answer.json
    assert found["services_in_scope"] == found["services_looked_at"] == 1
    assert found["results_looked_at"] == 8
    assert found["is_complete"]
    assert found["notes"] == []
    (of_service,) = found["services"]
    assert of_service["service_name"] == "Shop"
    assert of_service["alerts"] == [
        {
            "fired_at": "2026-03-02T13:58:00Z",
            "resolved_at": "2026-03-02T13:59:00Z",
            "duration_seconds": 60,
            "message": "Check failed with status RED: HTTP 503",
        },
        {
            "fired_at": "2026-03-02T13:54:00Z",
            "resolved_at": "2026-03-02T13:56:00Z",
            "duration_seconds": 120,
            "message": "Check failed with status RED: HTTP 503",
        },
    ]
    assert rows("SELECT count(*) FROM alerts") == [(0,)]
    assert len(alice.get("/alert-rules").json) == 1


def test_a_preview_counts_thresholds_and_what_came_before(alice, connection):
    service = make_service(alice, failure_threshold=2)
    outage(connection, service, "GRGRRR", settled="GGGGRR")
    found = alice.post("/alert-rules/preview", WINDOW | {"condition": RED}).json
    (alert,) = found["services"][0]["alerts"]
    assert alert["fired_at"] == "2026-03-02T13:58:00Z"
    assert alert["resolved_at"] is None
    assert alert["duration_seconds"] == 120
    longer = RED | {"for_seconds": 120}
    late = {"from": "2026-03-02T13:59:30Z", "to": WINDOW["to"], "condition": longer}
    assert alice.post("/alert-rules/preview", late).json["alerts_total"] == 0
    late["condition"] = RED | {"for_seconds": 60}
    found = alice.post("/alert-rules/preview", late).json
    assert (found["alerts_total"], found["results_looked_at"]) == (1, 0)


def test_a_preview_is_narrowed_by_service_and_tags(alice, service, connection):
    other = make_service(alice, name="Blog", tags=["blog"])
    for one in (service, other):
        outage(connection, one, "GR")
    by_tag = alice.post("/alert-rules/preview", WINDOW | {"tags": ["blog"]}).json
    assert [one["service_name"] for one in by_tag["services"]] == ["Blog"]
    by_id = alice.post("/alert-rules/preview", WINDOW | {"service_id": service["id"]}).json
    assert [one["service_id"] for one in by_id["services"]] == [service["id"]]
    assert by_id["alerts_total"] == 1
    everything = alice.post("/alert-rules/preview", WINDOW | {}).json
    assert [one["service_name"] for one in everything["services"]] == ["Blog", "Shop"]


def test_a_preview_says_what_it_cannot_know(alice, service, connection):
    outage(connection, service, "GR")
    body = WINDOW | {"condition": 'body_contains("x")'}
    found = alice.post("/alert-rules/preview", body).json
    assert found["notes"][0].startswith("bodies are not kept")
    assert found["alerts_total"] == 0
    found = alice.post("/alert-rules/preview", WINDOW | {"condition": '!body_contains("x")'}).json
    assert found["alerts_total"] == 1, "of the one that failed, as the note says"


def test_a_preview_knows_certificates_and_failures_in_a_row(alice, service, connection):
    outage(connection, service, "GG", ssl_days_remaining=13)
    found = alice.post("/alert-rules/preview", WINDOW | {"condition": "ssl_expiry < 14"}).json
    assert (found["notes"], found["alerts_total"]) == ([], 1)
    connection.execute("UPDATE check_results SET consecutive_failures = 3")
    body = WINDOW | {"condition": "consecutive_failures >= 3"}
    assert alice.post("/alert-rules/preview", body).json["alerts_total"] == 1


def test_a_preview_is_bounded(alice, service, connection, monkeypatch):
    monkeypatch.setattr("app.operations.rules.preview.MAX_RESULTS", 3)
    outage(connection, service, "RRGGRG")
    found = alice.post("/alert-rules/preview", WINDOW | {"condition": RED}).json
    assert not found["is_complete"]
    assert found["results_looked_at"] == 3
    assert found["services"][0]["looked_from"] == "2026-03-02T13:57:00Z"
    assert found["alerts_total"] == 1


def test_a_preview_refuses_what_a_rule_refuses(alice, charlie):
    theirs = make_service(charlie)["id"]
    for body in (
        {"condition": "nonsense ="},
        {"service_id": theirs},
        {"from": "2026-03-02T14:00:00Z", "to": "2026-03-02T13:00:00Z"},
    ):
        assert alice.post("/alert-rules/preview", body).status_code == 422
    assert alice.post("/alert-rules/preview", {}).status_code == 200
