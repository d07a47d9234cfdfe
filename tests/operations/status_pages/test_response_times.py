"""Response times on pages: from roll-ups, computed once an hour, shown only where the page says."""

from datetime import timedelta
from math import floor as floor_of
from math import log

import pytest

from app.domain.metrics.histogram import pack
from app.domain.metrics.plan import HOUR, floor
from app.domain.rules.window_counts import GROWTH
from app.operations.metrics import partitions
from app.platform.clock import utcnow
from tests.status_pages import make_shown, take_snapshots

ZEROS = (
    "failed, slow, settled, settled_failed, up_ms, down_ms, unknown_ms, maintenance_ms, paused_ms,"
    " inner_outages, longest_inner_ms, head_ms, tail_ms"
)


@pytest.fixture
def rolled(app, rows):
    """Store the response times of an hour or a day, in milliseconds; return when it began."""

    def store(table, service, hours_ago, *times):
        at = floor(utcnow(), HOUR) - timedelta(hours=hours_ago)
        with app.app_context():
            partitions.ensure(at)
        if table == "metric_days":
            at = at.replace(hour=0)
        counts = {}
        for ms in times:
            place = floor_of(log(ms, GROWTH))
            counts[place] = counts.get(place, 0) + 1
        line = ", line" if table == "metric_hours" else ""
        rows(
            f"INSERT INTO {table} (organization_id, service_id, at, checks, timed, sum_ms, min_ms,"
            f" max_ms, hist, {ZEROS}{line}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s,"
            f" {', '.join('0' * 13)}{', %s' if line else ''})",
            service["organization_id"], service["id"], at, len(times), len(times), sum(times),
            min(times), max(times), pack(counts), *([b""] if line else []),
        )  # fmt: skip
        return at

    now = floor(utcnow(), HOUR)
    rows("DELETE FROM metric_progress")
    rows("INSERT INTO metric_progress VALUES (true, %s, %s)", now, now)
    return store


def test_a_page_shows_response_times_where_it_says_so(app, alice, client, rolled, rows):
    page, (service,) = make_shown(alice, "Checkout")
    rolled("metric_hours", service, 2, *[100] * 90, *[400] * 10)
    rolled("metric_hours", service, 30, *[1500] * 20)
    rolled("metric_days", service, 24 * 40, *[50] * 20)
    rows("UPDATE schedule_entries SET last_response_time_ms = 120")
    alice.patch(f"/status-pages/{page['id']}", {"show": {"response_times": True}})
    take_snapshots(app)
    path = f"/status/{page['slug']}"
    (key,) = client.get(f"{path}.json").json["services"]
    assert "120 ms now, p95 400 ms" in client.get(path).text
    text = client.get(f"{path}/services/{key}").text
    assert "Response time over 24 hours: median 100 ms, p95" in text
    assert 'aria-label="Response time over 24 hours' in text
    assert "aria-current=page>24 hours" in text
    assert "500 ms" in text  # the end of the axis
    assert text.count("<tr>") == 2  # a head, and the hour that was measured
    week = client.get(f"{path}/services/{key}?range=7d").text
    assert week.count("<tr>") == 3
    assert "2000 ms" in week
    assert week.count("M") > text.count("M")  # what was not measured is a gap
    assert "median 50 ms" in client.get(f"{path}/services/{key}?range=90d").text
    assert client.get(f"{path}/services/{key}?range=1y").status_code == 404
    alice.patch(f"/status-pages/{page['id']}", {"show": {"response_times": False}})
    take_snapshots(app)
    for rest in ("", f"/services/{key}", ".json"):
        assert "p95" not in client.get(f"{path}{rest}").text


def test_charts_are_computed_once_an_hour(app, alice, rolled, rows):
    page, (service,) = make_shown(alice, "Checkout")
    rolled("metric_hours", service, 2, 100)
    alice.patch(f"/status-pages/{page['id']}", {"show": {"response_times": True}})
    take_snapshots(app)

    def archive():
        return rows("SELECT archive FROM page_snapshots")[0][0]

    before = archive()
    assert b'"p95":100' in bytes(before)
    rolled("metric_hours", service, 3, 900)
    take_snapshots(app)
    assert archive() == before
    rows("UPDATE metric_progress SET done_until = done_until + interval '1 hour'")
    take_snapshots(app)
    assert b'"p95":900' in bytes(archive())
    another = make_shown(alice, "Search")[1][0]
    ids = [service["id"], another["id"]]
    alice.patch(f"/status-pages/{page['id']}", {"sections": [{"name": "All", "service_ids": ids}]})
    take_snapshots(app)
    assert archive() != before


def test_a_service_that_nobody_has_measured_says_so(app, alice, client, rolled):
    page, _ = make_shown(alice, "Checkout", show={"response_times": True})
    take_snapshots(app)
    (key,) = client.get(f"/status/{page['slug']}.json").json["services"]
    text = client.get(f"/status/{page['slug']}/services/{key}").text
    assert "No response times were recorded." in text
    assert "<figure" not in text
