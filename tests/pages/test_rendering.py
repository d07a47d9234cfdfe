"""Pages as bytes: small enough, readable as text, and text stays text."""

import re
import shutil
import subprocess
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from xml.etree import ElementTree

import icalendar
import orjson
import pytest

from app.domain.checks.badges import Badge, BadgeTone
from app.domain.messages.text import clean
from app.domain.status_pages import branding, custom_css
from app.pages.badges import svg
from app.pages.status import responses, styles
from app.pages.status.middleware import negotiate
from app.pages.status.snapshot import Freshness, Snapshot
from tests.pages import scenes
from tests.pages.scenes import HOSTILE
from tests.pages.serving import store_of_scenes


def page(snapshot: Snapshot, rest: str = "", freshness: Freshness = Freshness.FRESH) -> str:
    found = responses.find(snapshot, rest, {}, freshness, f"/status/{snapshot.slug}")
    assert found is not None
    return found.body.decode()


@pytest.fixture(scope="module")
def all_scenes():
    return scenes.scenes()


@pytest.mark.parametrize("slug", ["s", "s" * 60])
@pytest.mark.parametrize("scene", ["many", "many_timed"])
def test_two_hundred_services_fit_the_budget_whatever_the_slug(all_scenes, scene, slug):
    document = orjson.loads(all_scenes[scene].document)
    document["page"] |= {"slug": slug, "url": f"https://status.example.com/status/{slug}"}
    snapshot = replace(all_scenes[scene], document=orjson.dumps(document))
    found = responses.find(snapshot, "", {}, Freshness.FRESH, f"/status/{slug}")
    parts = [found.body, styles.BASE, styles.SCRIPT]
    assert sum(map(len, parts)) <= 58_500
    assert len(styles.SCRIPT) <= 6_000
    squeezed = [responses.kept(part, "x", scenes.NOW).compressed for part in parts]
    assert sum(map(len, squeezed)) <= 15_000


@pytest.mark.parametrize(
    ("scene", "sentence"),
    [
        ("all_well", "All systems work"),
        ("slow", "Some systems are slow"),
        ("one_down", "Checkout is down"),
        ("major", "5 of 7 systems are down"),
        ("maintenance", "Planned maintenance until"),
        ("unknown", "We cannot tell at the moment"),
        ("empty", "Nothing is shown here yet"),
        ("one", "All systems work"),
    ],
)
def test_the_verdict_is_the_heading_and_the_title(all_scenes, scene, sentence):
    text = page(all_scenes[scene])
    assert re.search(rf"<h1>{sentence}", text)
    assert sentence in re.search(r"<title>(.*?)</title>", text)[1]
    assert text.count("<h1") == 1


@pytest.mark.parametrize(
    ("freshness", "said", "unsaid"),
    [
        (Freshness.OLD, "Shown as of 15:03:22.", "repaired"),
        (Freshness.AWAY, "Shown as of 15:03:22, our own database is being repaired.", "Last known"),
        (Freshness.STALE, "Last known: All systems work.", "<h1>All systems work"),
        (Freshness.STALE_AWAY, "We cannot tell at the moment", "● Up"),
    ],
)
def test_an_old_page_says_how_old_it_is(all_scenes, freshness, said, unsaid):
    text = page(all_scenes["all_well"], "", freshness)
    assert said in text
    assert unsaid not in text
    summary = orjson.loads(page(all_scenes["all_well"], "summary.json", freshness))
    assert (summary["status"]["indicator"] == "unknown") is freshness.is_stale
    states = {component["status"] for component in summary["components"]}
    assert states == ({"unknown"} if freshness.is_stale else {"operational"})


class _Inspector(HTMLParser):
    """Collects what a page would run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.found.append(f"{tag} {name}")
            is_fetched = name in ("src", "action") or (tag == "link" and name == "href")
            if (
                is_fetched
                and re.match(r"(?!data:|/status/)", value or "")
                and "canonical" not in str(attrs)
            ):
                self.found.append(f"{tag} {name}={value}")
        if tag in ("iframe", "object", "embed", "base", "style", "img"):
            self.found.append(tag)
        if tag == "script" and "src" not in dict(attrs):
            self.found.append("inline script")


@pytest.mark.parametrize("text", HOSTILE)
def test_text_stays_text(text):
    snapshot = scenes.hostile(text)
    for rest in ("", "incidents/in_1", "maintenance/mw_1", "services/sv_00000000", "history"):
        inspector = _Inspector()
        inspector.feed(page(snapshot, rest))
        assert inspector.found == [], rest
    for rest in ("page.json", "summary.json"):
        orjson.loads(page(snapshot, rest))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_colour_logo_or_style_is_hostile(text):
    for name in ("primary_color", "logo_url", "dark_logo_url"):
        with pytest.raises(ValueError, match=name):
            branding.check({name: text})
    with pytest.raises(custom_css.StyleError):
        custom_css.check(f"{text} {{color: red}}")
    with suppress(custom_css.StyleError):  # a value is of letters, digits, and `#%.,' -` alone
        (value,) = re.findall(r"{(.*)}", custom_css.clean(f".section {{font-family: {text}}}"))
        assert not set('<>(){}@&\\;/:"') & set(value.removeprefix("font-family:"))
    with pytest.raises(ValueError, match="address"):
        branding.check_link(text)


# Beyond what documents of XML may hold, what calendars fold and break lines at.
UNUSUAL = [
    *HOSTILE, "\ufffe\uffff", "\x0b\x0c\x1f", "\ud800", "\u200b", "a\u0085b\u2028c", "x" * 10_000,
    "é" * 300, "line\rtwo\n\nthree;,\\\"", "\U0001f9d1\u200d\U0001f692" * 60, "a:b;c=d,e\\n", "]]>",
]  # fmt: skip


@pytest.mark.parametrize("text", UNUSUAL)
def test_feeds_and_badges_are_xml_whatever_a_text_holds(text):
    if "\ud800" in text:  # no snapshot holds one
        assert ElementTree.fromstring(svg(Badge(text, text, BadgeTone.BAD))) is not None
        return
    snapshot = scenes.hostile(text)
    for rest in ("feed.atom", "feed.rss", "sitemap.xml"):
        ElementTree.fromstring(page(snapshot, rest))
    for style in ("flat", "plain"):
        ElementTree.fromstring(svg(Badge(text, text, BadgeTone.BAD), style))


def test_the_letters_of_a_badge_have_the_width_of_their_script():
    def width(label):
        badge = svg(Badge(label, "Up", BadgeTone.GOOD))
        return int(re.search(r'textLength="(\d+)"', badge)[1])

    assert width("支払いサービス") >= 7 * 11  # squares of the size of the font
    assert width("e\u0301" * 8) == width("e" * 8)  # marks stand over their letters


@pytest.mark.parametrize("text", [text for text in UNUSUAL if "\ud800" not in text])
def test_calendars_are_read_as_they_were_meant(text):
    snapshot = scenes.hostile(text)
    for rest in ("maintenance.ics", "maintenance/mw_1.ics"):
        found = responses.find(snapshot, rest, {}, Freshness.FRESH, "/status/hostile").body
        lines = found.split(b"\r\n")
        assert all(len(line) <= 75 for line in lines)  # RFC 5545, 3.1
        assert all(byte >= 32 or byte == 9 for line in lines for byte in line)
        (event,) = icalendar.Calendar.from_ical(found).walk("VEVENT")
        assert str(event["description"]).startswith(clean(text))
        assert event.decoded("dtstart") == scenes.NOW - timedelta(hours=1)


def test_no_day_of_an_incident_is_called_quiet():
    def incident(key, began, ended=None):
        began, ended = (at and scenes.NOW - timedelta(days=at) for at in (began, ended))
        status = "resolved" if ended else "investigating"
        return scenes.incident(
            key, key, [], status=status, started_at=began, resolved_at=ended, next_update_at=None
        )

    shown = scenes.snapshot(
        scenes.shop(), incidents=[incident("in_open", 1)], past=[incident("in_long", 9, 6)]
    )
    past = page(shown).partition("<h2>Past incidents</h2>")[2]
    assert re.findall(r"<h3>(.*?)</h3>|<p>(No incidents)</p>", past) == [
        ("22 Nov 2026 – 25 Nov 2026", ""), ("", "No incidents"),  # of the days 2 to 5 ago
        ("18 Nov 2026", ""),
        ("14 Nov 2026 – 17 Nov 2026", ""), ("", "No incidents"),
    ]  # fmt: skip


def test_a_row_leads_to_its_service(all_scenes):
    shown = all_scenes["one_down"]
    assert "<a href=?service=sv_00000000>" in page(shown)
    moved = responses.find(
        shown, "", {"service": "sv_00000000"}, Freshness.FRESH, "/status/one_down"
    )
    assert (moved.status, moved.headers()["Location"]) == (
        301, "/status/one_down/services/sv_00000000",
    )  # fmt: skip
    assert responses.find(shown, "", {"service": "sv_x"}, Freshness.FRESH, "") is None


def test_what_a_query_does_not_change_is_rendered_once(all_scenes):
    store = store_of_scenes([all_scenes["one_down"]])
    shown = all_scenes["one_down"]
    for rest in ("", "summary.json", "services/sv_00000000", "maintenance.ics"):
        plain = store.find(shown, rest, {}, "/status/one_down")
        for number in range(3):
            more = {"month": f"2026-0{number + 1}", "x": str(number)}
            if rest:
                more["service"] = f"sv_{number}"
            assert store.find(shown, rest, more, "/status/one_down") is plain


@pytest.mark.parametrize(
    ("accepted", "is_squeezed"),
    [("gzip", True), ("gzip;q=0", False), ("br, gzip;q=0.5", True), ("", False), ("GZIP", True),
     ("identity", False), ("*", True), ("*;q=0", False), ("x-gzipped", False)],
)  # fmt: skip
def test_only_who_takes_gzip_gets_it(all_scenes, accepted, is_squeezed):
    found = responses.find(all_scenes["one_down"], "", {}, Freshness.FRESH, "/status/one_down")
    headers, body = negotiate(found, {"HTTP_ACCEPT_ENCODING": accepted})
    assert ("Content-Encoding" in headers) is is_squeezed
    assert body.startswith(b"\x1f\x8b") is is_squeezed


def test_a_colour_is_made_readable_and_never_touches_states(all_scenes):
    bright = all_scenes["major"]
    style = styles.style(bright.page).decode()
    assert "#ffe600" not in style.split("light-dark(")[-1].split(",")[0]
    assert style.endswith("#ffe600)}")  # on the dark ground it reads as it is


@pytest.mark.skipif(not shutil.which("w3m"), reason="w3m is not installed")
@pytest.mark.parametrize("scene", ["all_well", "one_down", "maintenance"])
def test_text_browsers_read_it_in_order(all_scenes, scene, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page(all_scenes[scene]))
    command = ["w3m", "-dump", "-cols", "100", "-T", "text/html", "-I", "UTF-8", str(path)]
    read = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    expected = {
        "all_well": ["All systems work", "Shop", "Checkout", "Up", "100 % in 90 days", "Past inc"],
        "one_down": ["Checkout is down", "Open incidents", "Payments fail", "Affected: Checkout",
                     "Next update by", "Shop", "Checkout", "Down", "Past incidents"],
        "maintenance": ["Planned maintenance until", "New disks Running", "Add to calendar", "Shop",
                        "Database Maintenance 99.98 %", "Past incidents"],
    }[scene]  # fmt: skip
    at = 0
    for words in expected:
        at = read.find(words, at)
        assert at >= 0, f"{words} is not where it should be in:\n{read}"


@pytest.mark.skipif(not shutil.which("w3m"), reason="w3m is not installed")
def test_text_browsers_say_where_one_is(all_scenes, tmp_path):
    one = scenes.incident("Case", "in_1", [])
    shown = scenes.snapshot(
        scenes.shop(), incidents=[one], show={"response_times": True, "made_with": True}
    )
    marked = []
    for rest in ("", "incidents/in_1", "history"):
        path = tmp_path / "page.html"
        path.write_text(page(shown, rest))
        command = ["w3m", "-dump", "-cols", "400", "-T", "text/html", "-I", "UTF-8", str(path)]
        read = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        marked.append(re.findall(r"([\w ]{4,14}) ←", read))
    assert [[words.split()[-1] for words in found] for found in marked] == [
        ["Identified"], ["Identified"], ["2026", "Identified"],
    ]  # fmt: skip


def test_a_page_says_what_it_has_no_room_for():
    shown = scenes.snapshot(scenes.shop())
    document = orjson.loads(shown.document) | {"left_out": 3}
    full = replace(shown, document=orjson.dumps(document))
    assert "This page has no room for 3 more services" in page(full)
    assert "no room" not in page(shown)
