"""Rows added up by PostgreSQL against adding them one by one."""

import random
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from app.domain.metrics import histogram
from app.domain.metrics.bucket import Bucket, put_together
from app.domain.metrics.totals import Totals
from app.operations.metrics.folded import fold
from app.operations.metrics.rows import DAY_MS, STORE_DAY, stored
from app.platform.transaction import transaction

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def random_day(dice):
    """Return a day: without UP all its DOWN is at both ends; with UP some may be in between."""
    up, down = dice.choice([0, 0, 1000, 50_000]), dice.choice([0, 0, 7000, 9000])
    head = dice.choice([0, down // 3]) if up else down
    tail = dice.choice([0, down // 3]) if up else down
    inner = down - head - tail if up else 0
    counts = {dice.randrange(-50, 900): dice.randrange(1, 9) for _ in range(dice.randrange(4))}
    timed = sum(counts.values())
    return Bucket(
        Totals(up, down, 300, 20, 5, DAY_MS - up - down - 325, int(inner > 0), inner, head, tail),
        checks=timed + 2,
        failed=dice.randrange(3),
        slow=dice.randrange(3),
        settled=timed,
        settled_failed=1,
        timed=timed,
        sum_ms=float(timed) * 3.5,
        min_ms=min(counts) + 100.5 if timed else None,
        max_ms=max(counts) + 200.5 if timed else None,
        histograms=(histogram.pack(counts),),
    )


@pytest.fixture
def days(context, alice, connection):
    """Thirty services with up to twelve random days each, and days before and after them."""
    dice = random.Random(5)
    found = {uuid4(): [random_day(dice) for _ in range(dice.randrange(1, 13))] for _ in range(30)}
    for service_id, buckets in found.items():
        for place, bucket in enumerate([random_day(dice), *buckets, random_day(dice)]):
            at = SINCE + (place - 1) * DAY if place <= len(buckets) else SINCE + 20 * DAY
            row = stored(alice.organization_id, service_id, at, bucket)
            connection.execute(STORE_DAY, row)
    return found


def folded(ids, *, with_histogram=True):
    with transaction() as tx:
        return fold(
            tx,
            "metric_days",
            DAY_MS,
            list(ids),
            SINCE,
            SINCE + 12 * DAY,
            with_histogram=with_histogram,
        )


def test_sets_are_their_rows(days):
    absent = uuid4()
    found = folded([*days, absent])
    assert found.keys() == days.keys()
    outages = 0
    for service_id, buckets in days.items():
        expected = put_together(buckets)
        assert found[service_id].totals == expected.totals
        assert found[service_id].histogram() == expected.histogram()
        for name in ("checks", "failed", "slow", "settled", "settled_failed", "timed", "sum_ms"):
            assert getattr(found[service_id], name) == getattr(expected, name)
        assert (found[service_id].min_ms, found[service_id].max_ms) == (
            expected.min_ms,
            expected.max_ms,
        )
        outages += expected.totals.outages
    assert outages > 30
    without = folded(days, with_histogram=False)
    assert all(one.histograms == () for one in without.values())
    assert {id: one.totals for id, one in without.items()} == {
        id: one.totals for id, one in found.items()
    }


def test_what_is_added_later_is_in_the_next_answer(days, connection):
    service_id = next(iter(days))
    before = folded([service_id])[service_id]
    later = Bucket(timed=9, sum_ms=90.0, histograms=(histogram.pack({7: 9}),))
    added = put_together([days[service_id][0], later])
    (owner,) = connection.execute(
        "SELECT organization_id FROM metric_days WHERE service_id = %s LIMIT 1", (service_id,)
    ).fetchone()
    connection.execute(STORE_DAY, stored(owner, service_id, SINCE, added))
    after = folded([service_id])[service_id]
    assert after.histogram() == before.histogram() + later.histogram()
