"""The guide: its pages, its search, and its examples against the API."""

import json
import re

import pytest

from app.checks import CHECK_TYPES
from app.pages.guide.book import chapters, find
from app.pages.guide.search import search

BOOK = chapters()
BY_SLUG = {chapter.slug: chapter for chapter in BOOK}


def examples(*kinds):
    return [
        pytest.param(example.text, id=f"{chapter.slug}:{example.line}")
        for chapter in BOOK
        for example in chapter.examples
        if example.kind in kinds
    ]


@pytest.mark.parametrize("slug", BY_SLUG)
def test_a_chapter_is_a_page(client, slug):
    answer = client.get(f"/guide/{slug}")
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assert answer.text.count("<h1>") == 1
    assert "script-src" not in answer.headers["Content-Security-Policy"]  # default-src 'none'
    for section in BY_SLUG[slug].sections:
        assert not section.anchor or f'id="{section.anchor}"' in answer.text


def test_links_within_the_guide_lead_somewhere(client):
    for path in ("/guide", "/guide/print", *(f"/guide/{slug}" for slug in BY_SLUG)):
        page = client.get(path).text
        for target in set(re.findall(r'href="(/guide[^"#]*)', page)):
            assert client.get(target).status_code == 200, f"{path} links {target}"


def test_an_unknown_chapter_is_not_found(client):
    assert client.get("/guide/nothing", headers={"Accept": "text/html"}).status_code == 404
    assert find("nothing") is None


def test_the_second_time_nothing_is_sent(client):
    first = client.get("/guide/check-types")
    again = client.get("/guide/check-types", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("query", "chapter"),
    [
        ("burn rate", "alert-rules"),
        ("RRULE", None),
        ("host_key_fingerprint", "check-types"),
        ("crontab", "cron-jobs"),
        ("on call", "on-call"),
        ("POSTGRES check_type", "check-types"),
        ("zzzz", None),
        ("", None),
        ("<b>zzzz", None),
    ],
)
def test_search_finds_the_chapter(client, query, chapter):
    hits = search(BOOK, query)
    assert (hits[0].chapter.slug if hits else None) == chapter
    page = client.get("/guide/search", query_string={"q": query})
    assert page.status_code == 200
    assert "<b>" not in page.text


def test_headings_come_before_mentions():
    assert search(BOOK, "badges")[0].section.title == "Badges"


def test_every_check_type_has_an_example():
    shown = {json.loads(param.values[0])["check_type"] for param in examples("json service")}
    assert shown == {kind for kind, _ in CHECK_TYPES.items()}


@pytest.mark.parametrize("body", examples("json service"))
def test_a_service_of_the_guide_is_accepted(alice, body):
    answer = alice.post("/services", json.loads(body) | {"is_active": False})
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("condition", examples("condition", "json condition"))
def test_a_condition_of_the_guide_is_accepted(alice, condition):
    condition = condition.strip()
    written = json.loads(condition) if condition.startswith("{") else condition
    rule = {"name": "Of the guide", "severity": "warning", "condition": written}
    answer = alice.post("/alert-rules", rule)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("lines", examples("schedule"))
def test_schedules_of_the_guide_are_understood(alice, lines):
    for schedule in lines.splitlines():
        answer = alice.post("/heartbeats/preview", {"schedule": schedule})
        assert answer.status_code == 200, f"{schedule}: {answer.text}"


@pytest.mark.parametrize("lines", examples("recurrence"))
def test_recurrences_of_the_guide_are_understood(alice, lines):
    for recurrence in lines.splitlines():
        window = {"recurrence": recurrence, "duration_minutes": 30}
        answer = alice.post("/maintenance-windows/preview", window)
        assert answer.status_code == 200, f"{recurrence}: {answer.text}"


def test_no_example_is_of_a_kind_that_nobody_tries():
    tried = {"sh", "json service", "condition", "json condition", "schedule", "recurrence"}
    tried |= {"python", "crontab", "nginx", "caddy", "systemd"}  # tests/flows/test_guide.py
    shown_only = {"text"}
    assert {each.kind for chapter in BOOK for each in chapter.examples} <= tried | shown_only
