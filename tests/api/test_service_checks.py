"""What was seen of a service: /checks, /metrics; and checks asked for: /check, /test."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from app.domain.types import Observation, Status
from app.operations.services import one_off_checks
from tests.factories import make_result, service_body
from tests.times import ago, iso, now


def test_checks_are_newest_first_within_the_last_hour(alice, service, path, connection):
    for minutes in (61, 59, 5, 1):
        make_result(connection, service["id"], ago(minutes=minutes), response_time_ms=minutes)
    answer = alice.get(f"{path}/checks").json
    assert [check["response_time_ms"] for check in answer] == [1, 5, 59]
    assert answer[0] == {
        "id": answer[0]["id"],
        "checked_at": iso(ago(minutes=1)),
        "region": "default",
        "status": "GREEN",
        "response_time_ms": 1,
        "status_code": 200,
        "error": None,
        "failure_kind": None,
        "phases": {
            "dns_ms": None,
            "connect_ms": None,
            "tls_ms": None,
            "ttfb_ms": None,
            "transfer_ms": None,
        },
    }


def test_checks_are_filtered_and_paged(alice, service, path, connection):
    for minutes in range(1, 8):
        status = "RED" if minutes % 2 else "GREEN"
        for region in ("a", "b"):
            at = ago(minutes=minutes)
            make_result(connection, service["id"], at, status, region=region, status_code=minutes)
    red = alice.get(f"{path}/checks?status=RED").json
    assert [check["status_code"] for check in red] == [1, 1, 3, 3, 5, 5, 7, 7]
    window = f"since={iso(ago(minutes=4))}&until={iso(ago(minutes=2))}"
    assert [c["status_code"] for c in alice.get(f"{path}/checks?{window}").json] == [3, 3, 4, 4]
    seen, following = [], f"{path}/checks?limit=3"
    while following:
        answer = alice.get(following)
        seen += [(check["status_code"], check["region"]) for check in answer.json]
        link = answer.headers.get("Link")
        following = link and link[1 : link.index(">")].removeprefix("http://localhost/api/v1")
    assert seen == [(minutes, region) for minutes in range(1, 8) for region in ("b", "a")]


def test_the_series_is_oldest_first_within_the_last_day(alice, service, path, connection):
    for hours in (25, 23, 1):
        make_result(connection, service["id"], ago(hours=hours), status_code=hours)
    answer = alice.get(f"{path}/metrics").json
    assert answer == [
        {
            "timestamp": iso(ago(hours=hours)),
            "status": "GREEN",
            "response_time_ms": 12.5,
            "status_code": hours,
        }
        for hours in (23, 1)
    ]


def test_buckets(alice, service, path, connection):
    start = now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    for minute in range(10):
        make_result(
            connection,
            service["id"],
            start + timedelta(minutes=minute),
            "RED" if minute == 0 else "UNKNOWN" if minute == 1 else "GREEN",
            response_time_ms=None if minute < 2 else minute * 10,
        )
    make_result(connection, service["id"], start + timedelta(minutes=61), "UNKNOWN")
    first, second, _ = alice.get(f"{path}/metrics?interval=1h").json
    assert first == {
        "timestamp": iso(start),
        "checks": 9,
        "failed": 1,
        # Up: 7 minutes, and the 135 seconds that the last result speaks for; down: one minute.
        "uptime_percentage": 90.24,
        "avg_ms": 55,
        "min_ms": 20,
        "max_ms": 90,
        "p50_ms": pytest.approx(50, rel=0.01),
        "p95_ms": pytest.approx(90, rel=0.01),
        "p99_ms": pytest.approx(90, rel=0.01),
    }
    assert (second["checks"], second["uptime_percentage"]) == (0, None)
    minutes = alice.get(f"{path}/metrics?interval=1m").json
    assert [point["checks"] for point in minutes[:12]] == [1, 0, *[1] * 8, 0, 0]
    assert [point["uptime_percentage"] for point in minutes[:3]] == [0, None, 100]
    assert (minutes[9]["p50_ms"], minutes[60]["p50_ms"]) == (90, None)
    assert len(alice.get(f"{path}/metrics?interval=1d").json) <= 2


@pytest.mark.parametrize("kind", ["checks", "metrics", "uptime"])
@pytest.mark.parametrize(
    "window",
    [
        "{0}=2026-03-02T14:23:00",
        "{0}=2026-03-02",
        "{0}=yesterday",
        "{0}=",
        "{0}=2026-13-02T14:23:00Z",
        "{0}=2026-02-30T14:23:00Z",
        "{0}=2026-03-02T24:23:00Z",
        "{0}=0001-01-01T00:00:00Z",
        "{0}=0001-01-01T00:00:00%2B23:59",
        "{1}=0001-01-01T00:00:00Z",
        "{1}=9999-12-31T23:59:59Z",
        "{1}=9999-12-31T23:59:59-23:59",
        "{0}=9999-12-31T23:59:59.999999999Z",
        "{0}=2026-03-02T14:23:00Z&{1}=2026-03-02T14:23:00Z",
        "{0}=2026-03-02T14:23:00Z&{1}=2026-03-02T14:00:00Z",
        "{0}=99999999999",
        "{0}=-1",
        "{0}=2026-03-02T14:23:00%00Z",
        "{0}=٢٠٢٦-03-02T14:23:00Z",
    ],
)
def test_bad_windows(alice, path, kind, window):
    names = ("since", "until") if kind == "checks" else ("from", "to")
    answer = alice.get(f"{path}/{kind}?{window.format(*names)}")
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("kind", ["checks", "metrics", "uptime"])
def test_wide_windows_and_other_offsets_are_fine(alice, path, kind):
    since, until = ("since", "until") if kind == "checks" else ("from", "to")
    for window in (
        f"{since}=1970-01-02T00:00:00Z&{until}=9998-12-31T00:00:00Z",
        f"{since}=2026-03-02T14:23:00.123456%2B05:30",
        f"{since}=2026-03-02T14:23:00+05:30",
        f"{until}=2026-03-02T14:23:00-08:00",
        f"{since}=2026-03-02t14:23:00z",
    ):
        assert alice.get(f"{path}/{kind}?{window}").status_code == 200


def test_a_check_asked_for_waits_for_its_result(alice, service, path, connection, rows):
    rows("UPDATE schedule_entries SET next_due_at = now() + interval '1 hour'")
    make_result(connection, service["id"], ago(seconds=30), "RED")
    rows("UPDATE schedule_entries SET last_checked_at = %s", ago(seconds=30))
    due = []

    def work():
        due.extend(rows("SELECT next_due_at <= now() FROM schedule_entries"))
        make_result(connection, service["id"], datetime.now(UTC), "GREEN", response_time_ms=7)

    worker = threading.Timer(0.3, work)
    worker.start()
    answer = alice.post(f"{path}/check")
    worker.join()
    assert (answer.status_code, answer.json["response_time_ms"]) == (200, 7)
    assert due == [(True,)]


def test_a_check_asked_for_leaves_one_in_flight_alone(alice, configure, service, path, rows):
    rows(
        "UPDATE schedule_entries SET lease_token = 5, lease_until = now() + interval '1 minute',"
        " next_due_at = now() + interval '1 minute'"
    )
    rows("UPDATE services SET timeout_seconds = -5")
    assert alice.post(f"{path}/check").status_code == 503
    assert rows("SELECT lease_token, next_due_at > now() FROM schedule_entries") == [(5, True)]


def test_a_check_nobody_answers_is_503(alice, path, rows):
    rows("UPDATE services SET timeout_seconds = -5")
    answer = alice.post(f"{path}/check")
    assert answer.status_code == 503
    assert "worker" in answer.json["error"]
    assert int(answer.headers["Retry-After"]) > 0


def test_a_paused_service_is_not_checked(alice, path):
    alice.post(f"{path}/pause")
    answer = alice.post(f"{path}/check")
    assert answer.status_code == 409
    assert "paused" in answer.json["error"]


def test_an_unsaved_service_is_probed_and_nothing_is_stored(app, alice, rows):
    body = service_body(config={"bearer_token": "s3cret"}, timeout_seconds=3)
    targets = []

    def work():
        with app.app_context():
            (task,) = one_off_checks.claim("default", 10)
            targets.append(task.target)
            one_off_checks.answer(task.id, Observation(Status.RED, 5.5, "refused", 502))

    worker = threading.Timer(0.2, work)
    worker.start()
    answer = alice.post("/services/test", body)
    worker.join()
    assert answer.status_code == 200
    assert answer.json["status"] == "RED"
    assert answer.json["error"] == "refused"
    assert answer.json["phases"]["dns_ms"] is None
    (target,) = targets
    assert (target.endpoint, target.timeout_seconds) == ("https://shop.example.com/", 3)
    assert target.config == {"bearer_token": "s3cret"}
    assert rows("SELECT count(*) FROM services") == [(0,)]


def test_an_unsaved_service_is_evaluated_like_a_new_one(alice):
    answer = alice.post("/services/test", service_body(endpoint="nowhere"))
    assert (answer.status_code, list(answer.json["fields"])) == (422, ["endpoint"])


def test_the_history_of_others_is_like_none(alice, charlie, service, path):
    for kind in ("checks", "metrics", "uptime"):
        foreign = charlie.get(f"{path}/{kind}")
        unknown = charlie.get(f"/services/{uuid4()}/{kind}")
        assert (foreign.status_code, foreign.data) == (404, unknown.data)
