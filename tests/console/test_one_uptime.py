"""One uptime: API, badge, report, status page and console say the same of one history."""

import csv
import io
import re
import threading
from datetime import date, timedelta
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader
from werkzeug.serving import make_server

from app.domain.metrics import months
from app.domain.metrics.status_line import SpanKind, milliseconds
from app.domain.metrics.totals import percentage
from app.operations.metrics import roll_up
from tests.alerting import make_page
from tests.factories import PASSWORD, make_service
from tests.histories import History, Result
from tests.partitions import make_days
from tests.status_pages import take_snapshots
from tests.times import ago, iso, now

COVER_SECONDS = 135
FAR = ZoneInfo("Pacific/Kiritimati")

# Hours ago, from when on every minute says so: own status, confirmed status, in maintenance.
STORY = [
    (20, "GREEN", "GREEN", False),
    (18, "RED", "PENDING", False),  # below failure_threshold
    (17.5, "RED", "RED", False),
    (17, "RED", "RED", True),
    (16, None, None, False),  # the monitor was off
    (15, "YELLOW", "YELLOW", False),
    (12, "UNKNOWN", "UNKNOWN", False),
    (11, "RED", "RED", False),  # paused for an hour within, and half an hour was a false alarm
    (8, "GREEN", "GREEN", False),
    (0.5, None, None, False),
]


# What reports make of figures: a budget just kept, one missed by less than a hundredth of a percent
# of uptime; and text that a spreadsheet would run.
REPORTS = """async (months) => {
  const main = document.querySelector("script[type=module]").src;
  const { budgetUsed, rangeOf } = await import(new URL("lib/reports.mjs", main));
  const { csv } = await import(new URL("lib/csv.mjs", main));
  const used = (uptime_percentage, known_seconds, downtime_seconds) =>
    budgetUsed({ uptime_percentage, known_seconds, downtime_seconds }, 99.9);
  const columns = [0, 1, 2, 3, 4].map((at) => [`-${at}`, (row) => row[at]]);
  const rows = csv(columns, [["=1", "a;=1", "\\uff0b1", -1, "a\\n@b"]]);
  return [[used(null, 0, 0), used(100, 9e5, 0), used(99.9, 1e6, 1000), used(99.9, 1e6, 1020)],
    rows.split("\\r\\n"),
    months.map(([zone, now]) => ["month", "last-month"].map((name) => rangeOf(name, now, zone)))];
}"""

# Far from UTC on both sides, without a midnight (Santiago in September, Beirut in March), with two
# (Havana in November), half an hour of summer time, and a leap day.
ZONES = (
    "UTC", "Pacific/Kiritimati", "Etc/GMT+12", "America/Santiago", "Asia/Beirut", "Africa/Cairo",
    "America/Havana", "America/Asuncion", "Australia/Lord_Howe", "Asia/Kathmandu", "Europe/Berlin",
)  # fmt: skip
MONTHS = [date(year, month, 1) for year in (2024, 2026, 2028) for month in range(1, 13)]


def last_moments():
    """Return zones and the first and last milliseconds of months there, with those months."""
    for name in ZONES:
        for month in MONTHS:
            begin, end = (milliseconds(at) for at in months.window(month, ZoneInfo(name)))
            yield from ((name, begin, month), (name, end - 1, month))


@pytest.fixture
def served(app):
    """The address of the application, console and all."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


@pytest.fixture
def service(app, alice, rows, connection):
    """A service with pauses, maintenance, time nobody looked, and failures below its threshold."""
    assert alice.patch("/organization", {"timezone": str(FAR)}).status_code == 200
    service = make_service(alice, name="Shop", failure_threshold=10)
    make_days(connection, ago(days=2), now())
    told = History(UUID(service["id"]))
    for (begin, status, settled, in_maintenance), (end, *_) in pairwise(STORY):
        at = ago(hours=begin)
        while status and at < ago(hours=end):
            time_ms = 40.0 if status != "RED" else None
            told.results.append(
                Result(at, at, "default", status, settled, time_ms, in_maintenance, COVER_SECONDS)
            )
            at += timedelta(minutes=1)
    told.pauses.append((ago(hours=10), ago(hours=9)))
    told.corrections.append((whole(ago(hours=11)), whole(ago(hours=10.5)), "up"))
    told.store(connection, told.results)
    told.store_rest(connection, alice.organization_id)
    rows("UPDATE services SET created_at = %s, status = 'GREEN'", ago(hours=20))
    with app.app_context():
        roll_up.roll_up(600)
    assert rows("SELECT count(*) >= 18 FROM metric_hours") == [(True,)]
    return service | {"told": told}


def whole(at):
    return at.replace(microsecond=0)


def said_by_console(page, address, service):
    """Return the uptime on the screen of the service and on that of reports."""
    page.goto(f"{address}/services/{service['id']}")
    figure = page.locator(".figure").filter(has_text="30 days").locator("dd")
    figure.wait_for()
    on_service = re.match(r"[\d.]+ %", figure.inner_text()).group()
    page.goto(f"{address}/reports")
    row = page.get_by_role("row").filter(has_text="Shop")
    row.wait_for()
    return [on_service, re.search(r"\d+\.\d\d %", row.inner_text()).group()]


def window_of_last_month(page, address):
    """Return from when to when the screen of reports asks for the last month."""
    with page.expect_request(lambda request: "/api/v1/metrics?" in request.url) as sent:
        page.goto(f"{address}/reports?range=last-month")
    asked = parse_qs(urlsplit(sent.value.url).query)
    page.get_by_text("00:00:00 GMT+14").first.wait_for()  # days of the organization, not of UTC
    return [re.sub(r"\.000Z$", "Z", asked[name][0]) for name in ("from", "to")]


def test_all_say_the_same(app, alice, client, served, service, browser):
    sums = service["told"].seconds(ago(hours=20), now())
    expected = percentage(sums[SpanKind.UP], sums[SpanKind.DOWN])
    assert all(sums[kind] > 0 for kind in (SpanKind.UNKNOWN, SpanKind.PAUSED, SpanKind.MAINTENANCE))
    assert 50 < expected < 90

    answer = alice.get(f"/services/{service['id']}/uptime").json
    assert answer["uptime_percentage"] == expected
    assert answer["downtime_seconds"] == pytest.approx(sums[SpanKind.DOWN] / 1000)
    badge = service["badge_url"].removeprefix("http://localhost").replace("status.", "uptime.")
    assert f'aria-label="Shop: {expected:.2f}%"' in client.get(badge).text

    (row,) = alice.get("/reports/sla").json["services"]
    assert (row["uptime_percentage"], row["downtime_seconds"]) == (
        expected,
        answer["downtime_seconds"],
    )
    written = alice.get("/reports/sla?format=csv").text
    assert {line["uptime_percentage"] for line in csv.DictReader(io.StringIO(written))} == {
        str(expected)
    }
    pdf = PdfReader(io.BytesIO(alice.get("/reports/sla?format=pdf").data))
    assert f"{expected:.2f} %" in pdf.pages[0].extract_text()
    window = f"from={iso(ago(days=1))}&to={iso(now())}"
    (figures,) = alice.get(f"/metrics/services?{window}").json
    assert figures["uptime_percentage"] == expected
    assert alice.get(f"/metrics?{window}").json["uptime_percentage"] == expected

    section = {"name": "All", "service_ids": [service["id"]]}
    shown = make_page(alice, sections=[section], show_uptime_days=30, timezone="Asia/Kathmandu")
    take_snapshots(app)
    assert f"{expected:.2f}" in client.get(f"/status/{shown['slug']}").text
    on_page = client.get(f"/status/{shown['slug']}/page.json").json
    assert f"'uptime_percentage': {expected}" in str(on_page)

    page = browser.new_page()
    page.goto(served)
    page.get_by_label("E-mail").fill(alice.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Screens", exact=True).wait_for()
    found = said_by_console(page, served, service)
    moments = list(last_moments())
    availability, cells, ranges = page.evaluate(REPORTS, [[zone, at] for zone, at, _ in moments])
    asked = window_of_last_month(page, served)
    page.close()
    assert found == [f"{expected:.2f} %"] * 2
    assert availability == [None, 0, 1, pytest.approx(1.02)]
    assert cells == ["'-0,'-1,'-2,'-3,'-4", "'=1,a;'=1,'\uff0b1,-1,\"a\n'@b\"", ""]
    for (zone, at, month), (current, before) in zip(moments, ranges, strict=True):
        both = [months.window(one, ZoneInfo(zone)) for one in (month, months.month_before(month))]
        (this, _), last = [[milliseconds(each) for each in one] for one in both]
        assert (current["from"], current["to"]) == (this, at), (zone, at)
        assert [before["from"], before["to"]] == last, (zone, at)
    assert asked == [iso(at) for at in months.window(months.last_month(now(), FAR), FAR)]
