"""Bounds of public answers: none grows with whatever somebody writes, and however often."""

import re
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import orjson
import pytest

from app.pages.status import markdown, responses, room
from app.pages.status.export import Copy
from app.pages.status.snapshot import Freshness
from app.pages.status.store import PageStore
from tests.pages import scenes
from tests.pages.serving import store_of_scenes


def find(snapshot, rest="", **query):
    root = f"/status/{snapshot.slug}"
    return responses.find(snapshot, rest, query, Freshness.FRESH, root)


def said(count, body="We look into update {}.", **more):
    """Return an incident about which so much was said, the newest first."""
    updates = [
        {
            "status": "investigating",
            "body": body.format(number),
            "at": scenes.NOW - timedelta(minutes=count - number),
            "edited_at": None,
        }
        for number in reversed(range(count))
    ]
    return scenes.incident("Payments fail", "in_long", ["sv_00000000"], updates=updates, **more)


def test_a_page_tells_the_latest_of_three_hundred_updates():
    shown = scenes.snapshot(scenes.shop(checkout="down"), incidents=[said(300)])
    page = find(shown).body.decode()
    assert len(page) < 25_000
    told = [int(number) for number in re.findall(r"update (\d+)\.", page)]
    assert told == list(range(299, 288, -1))
    assert "<summary>299 earlier updates</summary>" in page
    assert '<a href="/status/acme/incidents/in_long">289 earlier updates</a>' in page


def test_every_update_is_on_one_page_of_its_incident():
    shown = scenes.snapshot(scenes.shop(), incidents=[said(300)])
    path, told, paths = "incidents/in_long", [], []
    while path is not None:
        page = find(shown, path).body.decode()
        assert len(page) < 25_000
        assert f'rel=canonical href="http://localhost/status/acme/{path}"' in page
        told += [int(number) for number in re.findall(r"update (\d+)\.", page)]
        newer = re.search(r'rel=prev href="/status/acme/([^"]+)"', page)
        assert (newer and newer[1]) == (paths[-1] if paths else None)
        paths.append(path)
        older = re.search(r'rel=next href="/status/acme/([^"]+)"', page)
        path = older and older[1]
    assert told == list(range(299, -1, -1))
    assert len(paths) == 6


@pytest.mark.parametrize("number", ["", "0", "1", "01", "02", "7", "-2", "2x", "²", "9" * 9, "2/3"])
def test_there_are_no_other_pages_of_an_incident(number):
    shown = scenes.snapshot(scenes.shop(), incidents=[said(300)])
    assert find(shown, f"incidents/in_long/{number}") is None


def test_a_long_update_has_a_page_for_itself():
    assert room.portions(["a" * 9, "b" * 30, "c", "d"], 50, 10) == [(0, 1), (1, 2), (2, 4)]
    assert room.portions(["a"] * 5, 2, 10) == [(0, 2), (2, 4), (4, 5)]
    assert room.portions([], 2, 10) == [(0, 0)]


def test_a_month_of_many_incidents_has_several_pages():
    past = [
        scenes.incident(
            f"Incident {number}.", f"in_{number}", [], status="resolved", next_update_at=None,
            started_at=scenes.NOW - timedelta(minutes=100 + number), resolved_at=scenes.NOW,
        )
        for number in range(120)
    ]  # fmt: skip
    shown = scenes.snapshot(scenes.shop(), past=past)
    query, told = "month=2026-11", []
    for number in (1, 2, 3):
        parts = dict(pair.split("=") for pair in query.split("&"))
        page = find(shown, "history", **parts).body.decode()
        told += [int(found) for found in re.findall(r">Incident (\d+)\.<", page)]
        assert ("rel=next" in page) is (number > 1)
        query = re.search(r'rel=prev href="/status/acme/history\?([^"]+)"', page)[1]
        query = query.replace("&amp;", "&")
    assert told == list(range(120))
    assert query == "month=2026-10"
    for wrong in ("0", "4", "x", "-1", "02"):
        assert find(shown, "history", month="2026-11", page=wrong) is None
    page = find(shown).body.decode()
    assert len(re.findall(r">Incident (\d+)\.<", page)) == room.ENTRIES
    assert "No incidents" not in page  # of days of which it says nothing


def crowded():
    """Return a page on which everything is as large and as often as it can be."""
    body = ("<b>&amp; **bold** [a link](https://example.com/a) " * 500)[:20_000]
    service = scenes.service("S" * 200, "down", 1)
    keys = [f"sv_{number:08x}" for number in range(200)]
    long = [said(2, body[:10_000]) | {"key": f"in_{number}"} for number in range(60)]
    long[0] = said(12, body) | {"key": "in_0"}
    hit = [{"key": key, "state": "down"} for key in keys]
    long[0]["affected"] = long[1]["affected"] = hit
    past = [
        one | {"key": f"in_past_{number}", "status": "resolved", "resolved_at": scenes.NOW}
        for number, one in enumerate(long)
    ]
    windows = [
        scenes.maintenance("W" * 200, f"mw_{number}", timedelta(hours=1), 1, "coming")
        | {"description": "d" * 5_000}
        for number in range(300)
    ]
    return scenes.snapshot({"All": [service] * 200}, incidents=long, past=past, windows=windows)


def test_no_answer_grows_with_what_was_said():
    shown = crowded()
    page = find(shown).body.decode()
    assert '<p><a href="/status/acme/history">10 more</a></p>' in page
    bare = len(find(scenes.snapshot({"All": [scenes.service("S" * 200, "down", 1)] * 200})).body)
    assert len(page) - bare < 200_000
    for rest in ("history", "services/sv_00000000", "incidents/in_0", "incidents/in_past_3"):
        assert len(find(shown, rest).body) < 300_000, rest
    for rest in ("feed.atom", "feed.rss"):
        found = find(shown, rest).body
        assert len(found) < 1_200_000, rest  # of HTML in XML: `<` has four characters
        entries = ElementTree.fromstring(found).findall(".//{*}entry") or ElementTree.fromstring(
            found
        ).findall(".//item")
        assert len(entries) == 50
    for rest in ("page.json", "summary.json", "incidents.json", "incidents/unresolved.json"):
        assert len(find(shown, rest).body) < 1_500_000, rest
    assert len(find(shown, "maintenance.ics").body) < 1_500_000
    summary = orjson.loads(find(shown, "summary.json").body)
    assert len(summary["incidents"]) == room.ENTRIES
    first = summary["incidents"][0]["incident_updates"]
    assert [one["id"] for one in first] == [f"in_0_{place}" for place in range(11, -1, -1)]
    assert summary["incidents"][-1]["incident_updates"] == []  # there was no room left


def test_an_address_is_not_written_a_thousand_times():
    source = f"[a]: https://example.com/{'x' * 4_000}\n\n" + "[a] " * 4_000
    found = markdown.html(source)
    assert len(found) < 20 * len(source)
    assert found.count("href=") == 1 + 20_000 // 4_020
    assert found.count(">a</a>") == 4_000
    usual = "[Support](https://example.com/help) " * 100
    assert markdown.html(usual).count("href=") == 100


def test_a_copy_has_every_page_of_an_incident(tmp_path):
    shown = scenes.snapshot(scenes.shop(), incidents=[said(120)])
    store: PageStore = store_of_scenes([replace(shown, page_id="acme")])
    Copy(tmp_path).update(store)
    files = sorted(path.name for path in (tmp_path / "status/acme/incidents").rglob("*.html"))
    assert files == ["2.html", "3.html", "in_long.html"]
    assert (
        'href="/status/acme/incidents/in_long/3"'
        in (tmp_path / "status/acme/incidents/in_long/2.html").read_text()
    )
