"""What is kept of heartbeats, and for how long."""

import pytest

from app.operations.heartbeats import retention as heartbeat_retention
from app.platform.transaction import transaction
from tests.heartbeats import make_heartbeat


def add_pings(rows, heartbeat, count, days_ago=0):
    rows(
        "INSERT INTO heartbeat_pings (heartbeat_id, received_at, kind)"
        " SELECT %s, now() - %s * interval '1 day', 'success' FROM generate_series(1, %s)",
        heartbeat["id"],
        days_ago,
        count,
    )


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        (0, 1_000, 1_000),
        (0, 1_203, 1_000),
        (500, 0, 100),
        (500, 40, 100),
        (500, 600, 600),
        (900, 900, 900),
        (30, 0, 30),
    ],
)
def test_the_last_thousand_of_ninety_days_and_always_a_hundred(app, alice, rows, old, new, kept):
    heartbeat, other = make_heartbeat(alice), make_heartbeat(alice)
    add_pings(rows, heartbeat, old, days_ago=91)
    add_pings(rows, heartbeat, new)
    add_pings(rows, other, 7)
    with app.app_context():
        removed, after = heartbeat_retention.prune_pings()
    assert (removed, after) == (old + new - kept, None)
    of = "SELECT count(*) FROM heartbeat_pings WHERE heartbeat_id = %s"
    assert rows(of, heartbeat["id"]) == [(kept,)]
    assert rows(of, other["id"]) == [(7,)]


def nodes(plan):
    """Return a node of a plan and all below it."""
    return [plan, *(node for below in plan.get("Plans", []) for node in nodes(below))]


@pytest.mark.parametrize("later", [1_000, 1_500])
@pytest.mark.parametrize("first", [0, 3])
def test_the_border_of_a_heartbeat_is_looked_for_once(app, alice, rows, first, later):
    heartbeat, other = make_heartbeat(alice), make_heartbeat(alice)
    add_pings(rows, heartbeat, first)
    rows("VACUUM (ANALYZE) heartbeat_pings")  # then more come than the statistics know of
    add_pings(rows, heartbeat, later)
    add_pings(rows, other, 7)
    values = {"ids": [heartbeat["id"], other["id"]], "kept": 1_000, "days": 0, "limit": 20_000}
    explain = "EXPLAIN (ANALYZE, FORMAT JSON) " + heartbeat_retention._PRUNE
    with app.app_context(), transaction() as tx:
        ((plans,),) = tx.driver.execute(explain, values).fetchall()
    scans = [node for node in nodes(plans[0]["Plan"]) if "Relation Name" in node]
    read = sum(node["Actual Rows"] * node["Actual Loops"] for node in scans)
    assert len(scans) > 2
    assert read <= 4 * (first + later)


def test_many_heartbeats_are_tidied_in_batches(app, alice, rows, monkeypatch):
    monkeypatch.setattr(heartbeat_retention, "_HEARTBEATS", 2)
    for _ in range(5):
        add_pings(rows, make_heartbeat(alice), 1_001)
    removed, rounds, after = 0, 0, None
    with app.app_context():
        while True:
            more, after = heartbeat_retention.prune_pings(after)
            removed, rounds = removed + more, rounds + 1
            if after is None:
                break
    assert (removed, rounds) == (5, 3)


def test_old_flips_and_gaps_go(app, alice, rows):
    heartbeat = make_heartbeat(alice)
    for days in (1, 399, 401):
        rows(
            "INSERT INTO heartbeat_flips (heartbeat_id, at, from_status, to_status, is_handled)"
            " VALUES (%s, now() - %s * interval '1 day', 'healthy', 'missed', true)",
            heartbeat["id"],
            days,
        )
        rows(
            "INSERT INTO ingest_gaps (starts_at, ends_at)"
            " SELECT t - interval '1 hour', t FROM (SELECT now() - %s * interval '1 day' AS t) x",
            days,
        )
    with app.app_context():
        heartbeat_retention.forget()
    assert rows("SELECT count(*) FROM heartbeat_flips") == [(2,)]
    assert rows("SELECT count(*) FROM ingest_gaps") == [(2,)]


def test_a_heartbeat_that_nobody_would_look_at_is_mended(app, alice, rows):
    lost, paused = make_heartbeat(alice), make_heartbeat(alice, is_active=False)
    rows("UPDATE heartbeats SET next_look_at = NULL")
    with app.app_context():
        assert heartbeat_retention.mend() == 1
    look = "SELECT next_look_at IS NULL FROM heartbeats WHERE id = %s"
    assert rows(look, lost["id"]) == [(False,)]
    assert rows(look, paused["id"]) == [(True,)]
