"""Claims ahead of the due time, claims that look back no further, and who is woken."""

from datetime import timedelta
from uuid import UUID

import pytest
from redis import Redis

from app.operations.checks import claim as checks_claim
from app.operations.checks import record as checks_record
from app.operations.schedule import entries as schedule_entries
from app.platform.bootstrap import runtime
from app.platform.queue import wait_for_wake
from app.platform.redis_client import connect
from app.platform.transaction import transaction
from tests.factories import make_service
from tests.recording import GREEN

LEASE = "SELECT lease_until - next_due_at FROM schedule_entries"


@pytest.fixture
def service(context, alice):
    return make_service(alice, check_interval_seconds=60, timeout_seconds=10)


def test_a_check_is_claimed_ahead_and_its_lease_counts_from_its_due_time(service, rows):
    rows("UPDATE schedule_entries SET next_due_at = now() + interval '1 second'")
    assert checks_claim.claim("default", 10).claims == []
    claimed = checks_claim.claim("default", 10, ahead_seconds=1.5)
    (claim,) = claimed.claims
    assert timedelta(0) < claim.scheduled_for - claimed.now <= timedelta(seconds=1)
    assert rows(LEASE) == [(timedelta(seconds=10 + checks_claim.LEASE_MARGIN_SECONDS),)]
    assert claimed.next_due_at is None


def test_a_check_claimed_ahead_is_not_claimed_again_before_it_is_due(service, rows):
    rows("UPDATE schedule_entries SET next_due_at = now() + interval '1 second'")
    assert len(checks_claim.claim("default", 10, ahead_seconds=1.5).claims) == 1
    assert checks_claim.claim("default", 10, ahead_seconds=1.5).claims == []


@pytest.mark.parametrize("early", [0.0, 0.002, 1.5])
def test_a_slot_is_recorded_once_whatever_the_clock_says(service, rows, early):
    """A clock that stepped back by milliseconds once made the same slot due again."""
    rows("UPDATE schedule_entries SET next_due_at = now() + interval '1 second'")
    (claim,) = checks_claim.claim("default", 10, ahead_seconds=1.5).claims
    now = claim.scheduled_for - timedelta(seconds=early)
    assert checks_record.record([claim.finished(GREEN, now)], now)
    ((due,),) = rows("SELECT next_due_at FROM schedule_entries")
    assert due > claim.scheduled_for


def test_a_bounded_claim_leaves_what_is_long_overdue_to_an_unbounded_one(service, rows):
    rows("UPDATE schedule_entries SET next_due_at = now() - interval '1 minute'")
    assert checks_claim.claim("default", 10, behind_seconds=10).claims == []
    assert len(checks_claim.claim("default", 10).claims) == 1


def test_an_edit_voids_a_claim_that_waits(service, rows, alice):
    other = make_service(alice, name="Other", timeout_seconds=10)
    claims = checks_claim.claim("default", 10).claims
    alice.post(f"/services/{service['id']}/pause")
    held = checks_claim.still_leased(claims)
    assert {c.snapshot.service_id for c in claims if c.lease_token in held} == {UUID(other["id"])}


@pytest.mark.parametrize("what", ["create", "edit", "pause", "check", "bulk"])
def test_whoever_claims_ahead_is_woken_by(service, rows, alice, what):
    redis: Redis = runtime().redis
    checks_record.record(
        [c.finished(GREEN, c.scheduled_for) for c in checks_claim.claim("default", 10).claims],
        checks_claim.claim("default", 10).now,
    )
    redis.delete("wake:probes")
    path = f"/services/{service['id']}"
    if what == "create":
        make_service(alice, name="New")
    elif what == "edit":
        assert alice.patch(path, {"endpoint": "https://b.example/"}).status_code == 200
    elif what == "pause":
        assert alice.post(f"{path}/pause").status_code == 200
    elif what == "check":
        with transaction() as tx:
            schedule_entries.bring_forward(tx, UUID(service["id"]))
    else:
        alice.post("/services/bulk", {"action": "check", "ids": [service["id"]]})
    client = connect(runtime().config.redis_url, blocking=True)
    assert wait_for_wake(client, "default", 1)
    assert not wait_for_wake(client, "default", 0.05), "once, however much has become due"


def test_regions_are_found_without_reading_every_entry(context, alice):
    assert checks_claim.scheduled_regions() == []
    make_service(alice, regions=["us", "eu"])
    make_service(alice, regions=["default", "eu"])
    assert checks_claim.scheduled_regions() == ["default", "eu", "us"]


def _nodes(plan):
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def test_a_claim_finds_the_rows_it_has_locked_by_their_place(service, connection):
    # By their key it would walk past all versions that a long snapshot (a pg_dump) keeps.
    values = {"region": "default", "limit": 500, "margin": 3, "organization": None}
    values |= {"ahead": 120.0, "behind": 3600.0}
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL enable_seqscan = off")  # as with more than one service
        statement = f"EXPLAIN (ANALYZE, FORMAT JSON) {checks_claim._CLAIM}"
        (((plan,),),) = connection.execute(statement, values).fetchall()
    found = [
        (node["Node Type"], node["Actual Rows"])
        for node in _nodes(plan["Plan"])
        if node.get("Alias") == "e" and node["Node Type"] != "ModifyTable"
    ]
    assert found == [("Tid Scan", 1)]
