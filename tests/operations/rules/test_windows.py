"""Windows of hours and days, moved along, against counting every result anew."""

from dataclasses import replace
from datetime import timedelta
from math import ceil
from uuid import UUID, uuid4

import pytest

from app.domain.metrics.plan import DAY, HOUR, floor
from app.operations.metrics import days, partitions, roll_up
from app.operations.metrics.hours import compute
from app.operations.rules import windows as rule_windows
from app.operations.rules.windows import Ask, statistics
from app.platform.clock import utcnow
from app.platform.transaction import transaction
from tests.factories import make_result, make_service
from tests.partitions import make_days

RESULTS = """
INSERT INTO check_results (service_id, scheduled_for, region, id, checked_at, status,
    response_time_ms, in_maintenance, settled_status)
SELECT %s, t, 'default', gen_random_uuid(), t + random() * interval '30 seconds',
    (ARRAY['GREEN', 'RED', 'UNKNOWN'])[1 + floor(random() * 3)::int],
    CASE WHEN random() < 0.9 THEN round((1 + 900 * random())::numeric, 2)::real END,
    random() < 0.1, CASE WHEN random() < 0.1 THEN 'YELLOW' WHEN random() < 0.1 THEN 'PENDING' END
FROM generate_series(now() - interval '22 hours', now(), interval '20 seconds') t
"""
COUNTED = """
SELECT coalesce(settled_status, status) = 'RED' FROM check_results
WHERE service_id = %s AND checked_at > %s AND scheduled_for <= %s AND NOT in_maintenance
  AND coalesce(settled_status, status) IN ('GREEN', 'YELLOW', 'RED')
"""
TIMES = """
SELECT response_time_ms FROM check_results
WHERE service_id = %s AND checked_at > %s AND scheduled_for <= %s AND NOT in_maintenance
  AND status IN ('GREEN', 'YELLOW', 'RED') AND response_time_ms IS NOT NULL
ORDER BY response_time_ms
"""


@pytest.fixture
def service_id(context, alice):
    rule_windows.forget()
    yield UUID(make_service(alice)["id"])
    rule_windows.forget()


def context(service_id, minutes, at, percentile=True):
    return Ask(service_id, minutes, at, timedelta(seconds=60), percentile)


def read(*asks):
    with transaction() as tx:
        return statistics(tx, asks)


@pytest.mark.parametrize("is_rolled_up", [False, True])
@pytest.mark.parametrize("minutes", [1, 7, 60, 61, 90, 125, 600, 1080])
def test_a_window_agrees_with_counting_everything(
    service_id, rows, connection, minutes, is_rolled_up
):
    connection.execute(RESULTS, (service_id,))
    if is_rolled_up:
        roll_up_all(rows)
    newest = utcnow()
    stored = rows("SELECT * FROM check_results WHERE scheduled_for > %s", newest)
    assert stored == []
    at = newest - timedelta(hours=4)
    while at < newest:
        # As live: nothing newer than the check itself is stored yet.
        connection.execute(
            "CREATE TEMP TABLE future AS SELECT * FROM check_results WHERE scheduled_for > %s",
            (at,),
        )
        connection.execute("DELETE FROM check_results WHERE scheduled_for > %s", (at,))
        ask = context(service_id, minutes, at)
        found = read(ask)[ask]
        counted = rows(COUNTED, service_id, ask.begin, at)
        assert (found.total, found.failed) == (
            len(counted),
            sum(is_red for (is_red,) in counted),
        )
        times = [time for (time,) in rows(TIMES, service_id, ask.begin, at)]
        exact = times[ceil(0.95 * len(times)) - 1] if times else None
        if minutes <= 60 or exact is None:
            assert found.p95_response_time_ms == exact
        else:
            assert found.p95_response_time_ms == pytest.approx(exact, rel=0.0101)
        connection.execute("INSERT INTO check_results SELECT * FROM future; DROP TABLE future")
        at += timedelta(minutes=17, seconds=13)


def roll_up_all(rows):
    rows("UPDATE services SET created_at = now() - interval '40 days'")
    roll_up.roll_up(600)
    assert rows("SELECT done_until > now() - interval '3 hours' FROM metric_progress") == [(True,)]


def test_a_first_count_reads_the_roll_ups(service_id, rows, connection):
    """Only the hours at both ends are read from raw results."""
    connection.execute(RESULTS, (service_id,))
    roll_up_all(rows)
    ask = context(service_id, 1080, utcnow())
    before = read(ask)[ask]
    assert before.total > 500
    rows(
        "DELETE FROM check_results WHERE checked_at > date_trunc('hour', now()) - interval '15 h'"
        " AND checked_at < date_trunc('hour', now()) - interval '3 h'"
    )
    rule_windows.forget()
    assert read(ask)[ask] == before


MONTH = """
INSERT INTO check_results (service_id, scheduled_for, region, id, checked_at, status,
    response_time_ms, in_maintenance, settled_status)
SELECT %s, t, 'default', gen_random_uuid(), t + random() * interval '30 seconds',
    (ARRAY['GREEN', 'GREEN', 'RED', 'UNKNOWN'])[1 + floor(random() * 4)::int],
    exp(3 + 3 * random())::real, random() < 0.05, CASE WHEN random() < 0.1 THEN 'PENDING' END
FROM generate_series(%s::timestamptz, %s::timestamptz - interval '1 minute', '7 minutes') t
"""


# Due just before each hour, and made just after it.
ON_THE_HOUR = """
INSERT INTO check_results (service_id, scheduled_for, region, id, checked_at, status,
    response_time_ms, in_maintenance)
SELECT %s, t - interval '5 s', 'default', gen_random_uuid(), t + interval '5 s', 'GREEN', 100, false
FROM generate_series(date_trunc('hour', %s::timestamptz) + interval '1 hour', %s::timestamptz,
    '1 hour') t
"""


def store_month(rows, connection, service_id, since, until):
    """Store results up to a moment and roll them up; return up to which hour."""
    make_days(connection, since - timedelta(days=1), utcnow())
    connection.execute(MONTH, (service_id, since, until))
    connection.execute(ON_THE_HOUR, (service_id, since, until - timedelta(minutes=1)))
    first, last = floor(since, DAY), floor(until, HOUR)
    whole = [(service_id, first + n * HOUR) for n in range((last - first) // HOUR)]
    for number in range(32):
        partitions.ensure(first + number * DAY)
    with transaction() as tx:
        compute(tx, whole)
        for number in range((last - first) // DAY):
            days.compute(tx, [service_id], first + number * DAY)
    rows("INSERT INTO metric_progress VALUES (true, %s, %s)", last, last)
    return last


@pytest.mark.parametrize("retention_days", [30, 29])
def test_a_rule_of_thirty_days_says_what_all_results_say(
    service_id, rows, connection, configure, retention_days
):
    """First counted from days and hours, then moved along; both as exact as counting results.

    Also where raw results may be gone at the begin, and are there for the moment.
    """
    configure(raw_retention_days=retention_days)
    now = utcnow()
    past = now - timedelta(hours=2)
    since = now - timedelta(days=31)
    last = store_month(rows, connection, service_id, since, past)
    for at in (past, now):
        if at is now:
            connection.execute(MONTH, (service_id, past + timedelta(minutes=1), now))
        ask = context(service_id, 43_200, at)
        found = read(ask)[ask]
        counted = [is_red for (is_red,) in rows(COUNTED, service_id, ask.begin, at)]
        assert len(counted) > 3500
        assert (found.total, found.failed) == (len(counted), sum(counted))
        times = [time for (time,) in rows(TIMES, service_id, ask.begin, at)]
        exact = times[ceil(0.95 * len(times)) - 1]
        assert found.p95_response_time_ms == pytest.approx(exact, rel=0.0101)
    rule_windows.forget()
    rows(
        "DELETE FROM check_results WHERE checked_at BETWEEN %s AND %s", since + 3 * DAY, last - DAY
    )
    assert read(ask)[ask].total == len(counted)


def test_a_window_beyond_the_raw_results_moves_by_the_hour(service_id, rows, connection, configure):
    """With RAW_RETENTION_DAYS=1 a window of three days is that of its roll-ups."""
    now = utcnow()
    make_days(connection, now - timedelta(days=5), now)
    for hours in range(96, 0, -1):
        make_result(connection, str(service_id), now - timedelta(hours=hours, minutes=1), "RED")
    roll_up_all(rows)
    configure(raw_retention_days=1)
    rows("DELETE FROM check_results WHERE checked_at < now() - interval '1 day'")
    for back in (60, 30, 0):
        ask = context(service_id, 3 * 1440, now - timedelta(minutes=back))
        found = read(ask)[ask]
        # One result an hour; the far end is on the hour.
        assert 70 <= found.total == found.failed <= 72


def test_first_counts_of_very_many_services_take_turns(service_id, connection):
    ids = [uuid4() for _ in range(7)]
    at = utcnow()
    for id in ids:
        make_result(connection, str(id), at - timedelta(minutes=1), "RED")
    asks = [context(id, 1440, at) for id in ids]
    assert len(read(*asks)) == 5
    assert [window.failed for window in read(*asks).values()] == [1] * 7


def test_a_result_that_comes_late_still_finds_its_window(service_id, connection):
    at = utcnow()
    make_result(connection, str(service_id), at - timedelta(minutes=100), "RED")
    for back in (0, 25, 5):
        ask = context(service_id, 120, at - timedelta(minutes=back))
        assert read(ask)[ask].failed == 1


def test_after_a_day_the_middle_is_counted_anew(service_id, connection):
    at = utcnow() - timedelta(hours=1)
    ask = context(service_id, 600, at)
    assert read(ask)[ask].total == 0
    # Recorded an hour after it was due: the settled middle does not know of it.
    make_result(connection, str(service_id), at - timedelta(hours=1), "RED")
    assert read(ask)[ask].total == 0
    later = context(service_id, 3_000, at)
    assert read(later)[later].total == 1
    (key,) = [key for key in rule_windows._middles if key[1] == 600]
    middle = rule_windows._middles[key]
    rule_windows._middles[key] = replace(middle, counted_at=at - timedelta(hours=25))
    assert read(ask)[ask].total == 1


@pytest.mark.parametrize("minutes_before_midnight", [12, 65])
@pytest.mark.parametrize("is_rolled_up", [True, False])
def test_a_window_that_begins_in_the_last_hour_before_the_raw_results_misses_none(
    service_id, rows, connection, configure, minutes_before_midnight, is_rolled_up
):
    """A result due before the middle and made in it is of the head, but where a roll-up has it."""
    at = floor(utcnow(), DAY) - timedelta(minutes=minutes_before_midnight)
    store_month(rows, connection, service_id, at - timedelta(days=31), at)
    if not is_rolled_up:
        rows("DELETE FROM metric_progress")
    ask = context(service_id, 43_200, at)
    expected = len(rows(COUNTED, service_id, ask.begin, at))
    # First counted as soon as raw results are gone there, and remembered from when they were not.
    for retention_days in (30, 31, 30):
        configure(raw_retention_days=retention_days)
        assert read(ask)[ask].total == expected, retention_days
        if retention_days == 30:
            rule_windows.forget()
