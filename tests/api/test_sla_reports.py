"""SLA reports: the same rows as JSON, CSV and PDF."""

import csv
import io
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader

from app.domain.metrics import months
from app.domain.metrics.months import last_month, month_after
from app.pages.sla_report import duration, pdf
from app.platform.clock import utcnow
from tests.factories import make_result, make_service
from tests.times import ago, iso, now

PATH = "/reports/sla"


@pytest.fixture
def services(context, alice, connection):
    """One that was always up, one that was down for half of the time, one never checked."""
    names = ("Good", "=HYPERLINK(1) <b>&", "Never")
    good, bad, never = (make_service(alice, name=name) for name in names)
    for minute in range(10, 0, -1):
        make_result(connection, good["id"], ago(minutes=minute), "GREEN")
        make_result(connection, bad["id"], ago(minutes=minute), "RED" if minute <= 5 else "GREEN")
    return {name: one["id"] for name, one in zip(names, (good, bad, never), strict=True)}


def window(**more):
    return {"from": iso(ago(hours=1)), "to": iso(now()), "sla_target": 90, **more}


def test_json(alice, charlie, services):
    found = alice.get(PATH, query_string=window()).json
    rows = {row["name"]: row for row in found["services"]}
    good, bad, never = (rows[name] for name in services)
    assert (good["uptime_percentage"], good["is_met"]) == (100.0, True)
    assert good["error_budget_left_percentage"] == 100.0
    assert (bad["uptime_percentage"], bad["is_met"], bad["incidents"]) == (50.0, False, 1)
    assert (bad["downtime_seconds"], bad["error_budget_seconds"]) == (300, 60)
    assert (bad["error_budget_left_seconds"], bad["error_budget_left_percentage"]) == (-240, -400)
    assert (never["uptime_percentage"], never["is_met"]) == (None, None)
    assert never["error_budget_left_percentage"] is None
    total = found["total"]
    assert (total["uptime_percentage"], total["error_budget_seconds"]) == (75.0, 120)
    assert total["known_seconds"] == sum(row["known_seconds"] for row in rows.values())
    uptime = alice.get(
        f"/services/{services['Good']}/uptime",
        query_string={k: window()[k] for k in ("from", "to")},
    ).json
    assert uptime["uptime_percentage"] == good["uptime_percentage"]
    assert charlie.get(PATH).json["services"] == []


def test_chosen_services(alice, charlie, services):
    two = [services["Good"], services["Never"]]
    found = alice.get(PATH, query_string=window(service_id=two)).json
    assert [row["service_id"] for row in found["services"]] == two
    for id in (services["Good"], uuid4()):
        assert charlie.get(PATH, query_string=window(service_id=id)).status_code == 404
    for wrong in ({"sla_target": 101}, {"sla_target": "nan"}, {"format": "xls"}):
        assert alice.get(PATH, query_string=window(**wrong)).status_code == 422
    assert alice.get(PATH, query_string=window(service_id="x")).status_code == 422


@pytest.mark.parametrize(
    ("written", "target"),
    [("99.9", 99.9), ("1e2", 100), ("-0", 0), ("99.99999999", 99.99999999)]
    + [(wrong, None) for wrong in ("1_0", "\u0669\u0669", " 99", "inf", "0x10", "-1", "1e999", "")],
)
def test_targets_are_numbers_as_json_writes_them(alice, context, written, target):
    answer = alice.get(PATH, query_string={"sla_target": written})
    assert answer.status_code == (422 if target is None else 200)
    if target is not None:
        assert answer.json["sla_target"] == target
        assert '"sla_target":-' not in answer.text
    for wrong in ("99", True, "nan"):
        assert alice.put("/reports/monthly", {"sla_target": wrong}).status_code == 422


def test_report_as_csv(alice, services):
    answer = alice.get(PATH, query_string=window(format="csv"))
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    total = rows.pop()
    assert (total["service_id"], total["name"]) == ("", "All services")
    assert (float(total["uptime_percentage"]), float(total["downtime_seconds"])) == (75.0, 300)
    assert [row["name"] for row in rows] == ["'=HYPERLINK(1) <b>&", "Good", "Never"]
    assert float(rows[0]["error_budget_left_seconds"]) == -240
    assert (rows[2]["uptime_percentage"], rows[1]["is_met"]) == ("", "True")


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@"])
def test_csv_holds_no_formula(alice, context, beginning):
    make_service(alice, name=f"{beginning}1+1")
    answer = alice.get(PATH, query_string=window(format="csv"))
    first = next(csv.DictReader(io.StringIO(answer.text)))
    assert first["name"] == f"'{beginning}1+1"


def test_pdf_has_the_rows_of_json(alice, services):
    found = alice.get(PATH, query_string=window()).json
    answer = alice.get(PATH, query_string=window(format="pdf"))
    assert answer.mimetype == "application/pdf"
    text = text_of(answer)
    for row in found["services"]:
        uptime = row["uptime_percentage"]
        figures = (
            row["name"],
            "no data" if uptime is None else f"{uptime:.2f} %",
            duration(row["downtime_seconds"]),
            str(row["incidents"]),
            duration(row["error_budget_left_seconds"]),
        )
        assert " ".join(figures) in text
    assert "All services 75.00 % 5 min 00 s 1" in text
    assert "target 90 %" in text


def text_of(answer):
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("Оплата заказов", "Оплата заказов"),
        ("Πληρωμές", "Πληρωμές"),
        ("支付网关 決済サービス", "支付网关 決済サービス"),
        ("תשלומים", "תשלומים"),  # pypdf tells what is read from the right
        ("دفع", "\ufea9\ufed3\ufeca"),  # joined letters
        ("\U0001f680 Deploy \U0001f468\u200d\U0001f467", ":rocket: Deploy :man::girl:"),
        ("ร้านค้า", "rankha"),
        ("결제", "GyeolJe"),
        ("e\u0301 <b>&amp;", "e\u0301 <b>&amp;"),
        ("\ufdfa" * 200, "…"),  # a letter that is a sentence: a row was higher than a page
    ],
)
def test_a_pdf_in_any_script(alice, context, name, seen):
    make_service(alice, name=name)
    assert seen in text_of(alice.get(PATH, query_string=window(format="pdf")))


def test_files_are_named_by_local_days(alice, context):
    zone = ZoneInfo("Asia/Tokyo")
    assert alice.patch("/organization", {"timezone": zone.key}).status_code == 200
    month = last_month(utcnow(), zone)
    begin, end = months.window(month, zone)
    assert f"{begin:%d}" != "01"
    for form in ("csv", "pdf"):
        asked = {"from": iso(begin), "to": iso(end), "format": form}
        answer = alice.get(PATH, query_string=asked)
        name = f'"sla-{month:%Y%m%d}-{month_after(month):%Y%m%d}.{form}"'
        assert name in answer.headers["Content-Disposition"]


def test_many_long_names_in_a_pdf(alice, services):
    found = alice.get(PATH, query_string=window()).json | {
        "organization": "Großkunden 株式会社",
        "timezone": "Asia/Kathmandu",
    }
    found |= {name: ago(hours=1) for name in ("period_start", "period_end")}
    row = found["services"][1]
    found["services"] = [row | {"name": f"{n} " + "決" * 120 + "x" * 120} for n in range(80)]
    pages = PdfReader(io.BytesIO(pdf(found))).pages
    assert len(pages) > 5
    assert all("Budget left" in page.extract_text() for page in pages[:-1])


def test_a_pdf_of_nothing(alice, context):
    assert alice.get(PATH, query_string={"format": "pdf"}).data.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.2, "< 1 s"),
        (-0.2, "> -1 s"),
        (1.2, "1 s"),
        (59.6, "1 min 00 s"),
        (-240, "-4 min 00 s"),
        (3725, "1 h 02 min"),
    ],
)
def test_durations_in_words(seconds, text):
    assert duration(seconds) == text
