"""Claims, leases, fenced results: the transactions around a check, on a real database."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.domain.types import FailureKind, Observation, Status
from app.operations.checks import claim as checks_claim
from app.operations.checks import record as checks_record
from app.operations.checks import regions
from app.operations.schedule import repair
from tests.factories import make_service

Rows = Callable[..., list[tuple[Any, ...]]]

GREEN = Observation(Status.GREEN, 12.0, status_code=200)
RED = Observation(Status.RED, None, error="connection refused")


@pytest.fixture
def service(context, alice) -> dict[str, Any]:
    return make_service(alice, check_interval_seconds=60, timeout_seconds=10)


def record(claimed: checks_claim.Claimed, observation: Observation) -> list[Any]:
    checks = [claim.finished(observation, claimed.now) for claim in claimed.claims]
    return checks_record.record(checks, claimed.now)


def again(rows: Rows) -> checks_claim.Claimed:
    rows("UPDATE schedule_entries SET next_due_at = now()")
    return checks_claim.claim("default", 10)


def test_a_new_service_is_due_at_once_and_claimed_once(service):
    first = checks_claim.claim("default", 10)
    assert [str(claim.snapshot.service_id) for claim in first.claims] == [service["id"]]
    assert checks_claim.claim("default", 10).claims == []


def test_another_region_does_not_see_it(service):
    assert checks_claim.claim("eu", 10).claims == []


def test_a_result_is_stored_and_the_next_due_time_is_on_the_grid(service, rows):
    claimed = checks_claim.claim("default", 10)
    events = record(claimed, GREEN)
    assert [event.type for event in events] == ["check_result", "service.status_changed"]
    (stored,) = rows("SELECT service_id, status, response_time_ms FROM check_results")
    assert stored == (UUID(service["id"]), "GREEN", 12.0)
    (entry,) = rows("SELECT next_due_at, lease_token, consecutive_successes FROM schedule_entries")
    assert claimed.now < entry[0] <= claimed.now + timedelta(seconds=60)
    assert entry[1:] == (None, 1)
    assert rows("SELECT from_status, to_status FROM status_changes") == [("PENDING", "GREEN")]


def test_a_late_twin_writes_nothing(service, rows):
    first = checks_claim.claim("default", 10)
    rows("UPDATE schedule_entries SET lease_until = now() - interval '1 second'")
    second = checks_claim.claim("default", 10)
    assert len(second.claims) == 1
    assert record(second, GREEN)
    assert record(first, RED) == []
    assert rows("SELECT status FROM check_results") == [("GREEN",)]
    assert rows("SELECT status FROM services") == [("GREEN",)]


def test_a_killed_worker_is_replaced_when_its_lease_ends(service, rows):
    checks_claim.claim("default", 10)
    (lease,) = rows("SELECT lease_until - now() FROM schedule_entries")
    assert lease[0] <= timedelta(seconds=10 + checks_claim.LEASE_MARGIN_SECONDS)
    assert checks_claim.claim("default", 10).claims == []
    rows("UPDATE schedule_entries SET lease_until = now() - interval '1 second'")
    assert len(checks_claim.claim("default", 10).claims) == 1


def test_an_edit_voids_the_check_in_flight(service, rows, alice):
    claimed = checks_claim.claim("default", 10)
    alice.patch(f"/services/{service['id']}", {"endpoint": "https://other.example.com/"})
    assert record(claimed, RED) == []
    assert rows("SELECT count(*) FROM check_results") == [(0,)]
    (claim,) = checks_claim.claim("default", 10).claims
    assert claim.snapshot.target.endpoint == "https://other.example.com/"


def test_a_deleted_service_takes_its_result_with_it(service, rows, alice):
    claimed = checks_claim.claim("default", 10)
    alice.delete(f"/services/{service['id']}")
    assert record(claimed, GREEN) == []
    assert rows("SELECT count(*) FROM check_results") == [(0,)]


def test_repeating_a_batch_whose_answer_was_lost_changes_nothing(service, rows):
    claimed = checks_claim.claim("default", 10)
    record(claimed, GREEN)
    assert record(claimed, GREEN) == []
    assert rows("SELECT count(*) FROM check_results") == [(1,)]


def test_runs_missed_for_an_hour_are_one_result(service, rows):
    rows("UPDATE schedule_entries SET next_due_at = now() - interval '1 hour'")
    claimed = checks_claim.claim("default", 10)
    (claim,) = claimed.claims
    assert claimed.now - claim.scheduled_for < timedelta(seconds=60)
    record(claimed, GREEN)
    assert checks_claim.claim("default", 10).claims == []


def test_thresholds_and_the_retry_interval(context, alice, rows):
    make_service(alice, check_interval_seconds=600, failure_threshold=3, retry_interval_seconds=5)
    record(checks_claim.claim("default", 10), GREEN)
    for failures in (1, 2):
        claimed = again(rows)
        record(claimed, RED)
        (entry,) = rows("SELECT status, consecutive_failures, next_due_at FROM schedule_entries")
        assert entry[:2] == ("GREEN", failures)
        assert entry[2] <= claimed.now + timedelta(seconds=5)
    record(again(rows), RED)
    assert rows("SELECT status FROM services") == [("RED",)]


def test_regions_vote(context, alice, rows):
    make_service(alice, regions=["default", "eu", "us"])
    for region, observation in (("default", RED), ("eu", GREEN), ("us", GREEN)):
        claimed = checks_claim.claim(region, 10)
        record(claimed, observation)
    assert rows("SELECT status FROM services") == [("YELLOW",)]
    rows("UPDATE schedule_entries SET next_due_at = now()")
    record(checks_claim.claim("eu", 10), RED)
    assert rows("SELECT status FROM services") == [("RED",)]


def test_a_region_without_workers_cannot_tell(context, alice, rows):
    make_service(alice)
    record(checks_claim.claim("default", 10), GREEN)
    assert regions.watch() == []
    rows("UPDATE schedule_entries SET next_due_at = now() - interval '1 minute'")
    assert regions.watch() == ["default"]
    assert rows("SELECT status FROM services") == [("UNKNOWN",)]
    (alert,) = alice.get("/alerts").json
    assert alert["title"] == "Checks are not running"
    assert "default" in alert["message"]
    regions.watch()
    assert len(alice.get("/alerts").json) == 1
    regions.pulse("worker", "default", None)
    record(again(rows), GREEN)
    assert regions.watch() == []
    assert rows("SELECT status FROM services") == [("GREEN",)]
    assert alice.get("/alerts").json == []


def test_repair_mends_a_schedule_that_somebody_broke(service, rows):
    rows("DELETE FROM schedule_entries")
    assert repair.mend()["services without a schedule entry"] == 1
    rows("UPDATE schedule_entries SET next_due_at = NULL")
    assert repair.mend()["active services without a due time"] == 1
    rows("UPDATE schedule_entries SET next_due_at = now() + interval '1 year'")
    assert repair.mend()["due times beyond one interval"] == 1
    assert set(repair.mend().values()) == {0}


def test_every_service_is_in_one_slice_of_the_repair(context, alice, rows):
    rows("UPDATE organizations SET max_services = 100")
    for number in range(20):
        make_service(alice, name=f"Shop {number}", regions=["default", "eu"])
    rows("DELETE FROM schedule_entries WHERE region = 'eu'")
    rounds = [repair.mend(number) for number in range(repair.SLICES)]
    mended = [found["services without a schedule entry"] for found in rounds]
    assert sum(mended) == 20
    assert max(mended) < 20
    assert all(set(repair.mend(number).values()) == {0} for number in range(repair.SLICES))
    assert set(repair.mend_next(3).values()) == {0}


def test_a_paused_service_is_not_repaired_awake(service, rows, alice):
    alice.post(f"/services/{service['id']}/pause")
    assert set(repair.mend().values()) == {0}
    assert checks_claim.claim("default", 10).claims == []


def test_the_kind_of_a_failure_is_stored_and_told(service, rows, alice):
    record(checks_claim.claim("default", 10), GREEN)
    record(again(rows), RED._replace(failure_kind=FailureKind.REFUSED))
    assert sorted(rows("SELECT status, failure_kind FROM check_results")) == [
        ("GREEN", None),
        ("RED", "refused"),
    ]
    checks = alice.get(f"/services/{service['id']}/checks").json
    assert {check["failure_kind"] for check in checks} == {"refused", None}


def test_evidence_and_what_changed(service, rows, alice):
    record(checks_claim.claim("default", 10), GREEN)
    failed = Observation(
        Status.RED, 5.0, "got 502", status_code=502, evidence={"body": "nul \x00 and \ud800"}
    )
    record(again(rows), failed)
    found = alice.get(f"/services/{service['id']}/evidence").json
    assert found["check"]["status_code"] == 502
    assert found["last_good_check"]["status_code"] == 200
    assert found["difference"]["status_code"] == {"before": 200, "after": 502}
    assert "\x00" not in str(found["evidence"])


def test_evidence_of_a_check_that_continues_a_failure_is_that_of_its_beginning(
    service, rows, alice
):
    def fail(reason):
        record(again(rows), Observation(Status.RED, 5.0, reason, evidence={"body": reason}))
        return rows("SELECT id FROM check_results ORDER BY checked_at DESC LIMIT 1")[0][0]

    def read(check_id):
        return alice.get(f"/services/{service['id']}/evidence?check_id={check_id}")

    record(checks_claim.claim("default", 10), GREEN)
    good = rows("SELECT id FROM check_results")[0][0]
    first, second = fail("first"), fail("second")
    record(again(rows), GREEN)
    fail("third")
    fourth = fail("fourth")
    assert read(second).json == read(first).json
    assert read(first).json["evidence"] == {"body": "first"}
    assert read(fourth).json["evidence"] == {"body": "third"}
    assert read(good).status_code == 404


def test_evidence_of_the_last_twenty_failures_is_kept(service, rows):
    for _ in range(22):
        record(again(rows), Observation(Status.RED, None, "x", evidence={"a": 1}))
        record(again(rows), GREEN)
    assert rows("SELECT count(*) FROM check_evidence") == [(20,)]


@pytest.mark.parametrize(
    "error", ['said "no\\"', "{a,b}", "NULL", "", "tab\tand newline\n", "naïve ☃ 𝄞", "a\\b'c"]
)
def test_any_reason_is_stored_as_it_is(service, rows, error):
    record(checks_claim.claim("default", 10), Observation(Status.RED, 1.5, error))
    assert rows("SELECT last_error FROM schedule_entries") == [(error,)]
    assert rows("SELECT error, response_time_ms FROM check_results") == [(error, 1.5)]


def test_a_batch_is_recorded_in_the_order_in_which_edits_lock(context, alice):
    ids = sorted(make_service(alice)["id"] for _ in range(3))
    claimed = checks_claim.claim("default", 10)
    claims = sorted(claimed.claims, key=lambda claim: claim.snapshot.service_id, reverse=True)
    events = record(replace(claimed, claims=claims), GREEN)
    checked = [str(e.data["service_id"]) for e in events if e.type == "check_result"]
    assert checked == ids
