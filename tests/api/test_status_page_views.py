"""/status/{slug}: what visitors get, its headers, and who does not see it."""

import json
import re
import sys
from functools import partial
from urllib.parse import quote

import pytest

from app.pages.status import store as stores
from app.pages.status.store import store_of
from tests.factories import make_member
from tests.status_pages import make_shown, take_snapshots


def set_status(rows, service, status):
    rows(
        "UPDATE services SET status = %s, status_changed_at = now() WHERE id = %s",
        status,
        service["id"],
    )


def test_a_page_tells_how_everything_is(app, client, shown, rows):
    page, services = shown("Checkout", "Search")
    path = f"/status/{page['slug']}"
    assert "Waiting for the first results" in client.get(path).text
    for service in services:
        set_status(rows, service, "GREEN")
    take_snapshots(app)
    assert "<h1>All systems work</h1>" in client.get(path).text
    set_status(rows, services[0], "RED")
    rows("UPDATE page_snapshots SET made_at = made_at - interval '2 seconds'")
    assert (
        take_snapshots(app, is_forced=False) == 1
    )  # nobody asked for it: the status of a service did
    text = client.get(path).text
    assert "<h1>Checkout is down</h1>" in text
    assert "✖ Checkout is down" in text


@pytest.fixture
def watching(app):
    """The pages of a web process in which a thread has looked just now, and rests."""
    store = store_of(app)
    store.is_watched = True
    with app.app_context():
        store.look()
    yield store
    store.is_watched = False


def test_a_new_page_answers_at_once_and_so_does_a_renamed_one(alice, client, watching, monkeypatch):
    page, _ = make_shown(alice, "Checkout", slug="first")
    monkeypatch.setattr(stores, "_MISSED_EVERY_SECONDS", 0.0)
    assert client.get("/status/first").status_code == 200
    alice.patch(f"/status-pages/{page['id']}", {"slug": "second"})
    assert "Checkout" in client.get("/status/second").text
    moved = client.get("/status/first")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/status/second")


def test_a_flood_of_wrong_addresses_does_not_reach_the_database(client, watching, monkeypatch):
    looks = []
    real = watching._look
    monkeypatch.setattr(watching, "_look", lambda: looks.append(1) or real())
    monkeypatch.setattr(stores, "_MISSED_EVERY_SECONDS", 30.0)
    for number in range(50):
        assert client.get(f"/status/nobody-{number}").status_code == 404
    assert looks == []


def test_its_headers_let_it_be_cached(client, shown):
    page, _ = shown("Checkout")
    path = f"/status/{page['slug']}"
    answer = client.get(path)
    assert answer.headers["Cache-Control"].startswith("public, max-age=10, stale-while-revalidate")
    assert answer.headers["ETag"].startswith('"')
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src")
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert "Set-Cookie" not in answer.headers
    again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    squeezed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert squeezed.headers["Content-Encoding"] == "gzip"
    assert len(squeezed.data) < len(answer.data) / 2


@pytest.mark.parametrize(
    "rest",
    ["", "/summary.json", "/history", "/feed.atom", "/style.css", "/subscribe", "?service=x"],
)
def test_restricted_pages_are_like_no_page(client, shown, rest):
    secret, _ = shown("Checkout", is_public=False)
    locked, _ = shown("Checkout", password="open sesame")
    nobody = client.get(f"/status/no-such-page{rest}")
    assert nobody.status_code == 404
    for page in (secret, locked):
        theirs = client.get(f"/status/{page['slug']}{rest}")
        assert theirs.data == nobody.data
        changing = ("X-Request-Id", "Date", "Last-Modified")
        assert [pair for pair in theirs.headers if pair[0] not in changing] == [
            pair for pair in nobody.headers if pair[0] not in changing
        ]


def calls(ask, times):
    """Return how many functions run for a request, the least of so many: the work of itself.

    One of them may write a log line that is due, or the like.
    """
    counts = []

    def see(_frame, event, _function):
        counts[-1] += event in ("call", "c_call")

    ask()
    before = sys.getprofile()
    for _ in range(times):
        counts.append(0)
        sys.setprofile(see)
        try:
            ask()
        finally:
            sys.setprofile(before)
    return min(counts)


def test_restricted_pages_cost_the_work_of_no_page(
    alice, charlie, client, shown, watching, monkeypatch
):
    monkeypatch.setattr(stores, "_MISSED_EVERY_SECONDS", 30.0)
    shown("Checkout", slug="of-members", is_public=False)
    shown("Checkout", slug="of-friends", password="open sesame")
    with client.application.app_context():
        watching.look()
    stranger = {"Cookie": "alertifypro_page=a.b.c"}
    for headers in ({}, stranger, {"Authorization": "Bearer x"}, charlie.headers):
        for rest in ("", "/subscribe"):
            work = {}
            for slug in ("of-nobody-", "of-members", "of-friends"):
                path = f"/status/{slug}{rest}"
                work[slug] = calls(partial(client.get, path, headers=headers), 10)
            least, most = min(work.values()), max(work.values())
            assert most - least < 0.05 * least, (rest, work)


def test_a_wrong_password_costs_the_work_of_no_page(client, shown, watching):
    shown("Checkout", slug="of-friends", password="open sesame")
    shown("Checkout", slug="of-members", is_public=False)
    shown("Checkout", slug="of-anybody")
    with client.application.app_context():
        watching.look()
    answers, work = [], {}
    for slug in ("of-friends", "of-members", "of-anybody", "of-nobody-"):
        form = {"page": slug, "password": "open says me"}
        work[slug] = calls(partial(client.post, "/status/open", data=form), 3)
        answers.append(client.post("/status/open", data=form))
    assert {(one.status_code, len(one.data)) for one in answers} == {(403, len(answers[0].data))}
    assert max(work.values()) - min(work.values()) < 0.05 * min(work.values()), work


def test_a_password_opens_one_page(client, shown):
    page, _ = shown("Checkout", password="open sesame")
    other, _ = shown("Search", password="open sesame")
    form = {"page": page["slug"], "password": "open says me"}
    wrong = client.post("/status/open", data=form)
    unknown = client.post("/status/open", data=form | {"page": "nobody"})
    assert wrong.status_code == unknown.status_code == 403
    assert wrong.text.replace(page["slug"], "") == unknown.text.replace("nobody", "")
    opened = client.post("/status/open", data=form | {"password": "open sesame"})
    assert (opened.status_code, opened.headers["Location"]) == (303, f"/status/{page['slug']}")
    assert "HttpOnly" in opened.headers["Set-Cookie"]
    answer = client.get(opened.headers["Location"])
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert client.get(f"/status/{other['slug']}").status_code == 404


def test_a_password_opens_a_page_on_its_own_host(app, client, shown, rows):
    shown("Checkout", password="open sesame", custom_domain="status.acme.example")
    other, _ = shown("Search", password="open sesame")
    rows("UPDATE status_pages SET domain_verified_at = now() WHERE custom_domain IS NOT NULL")
    take_snapshots(app)
    client.get("/status/nobody")  # somebody has looked
    on_host = {"base_url": "http://status.acme.example"}
    closed = client.get("/", **on_host)
    assert closed.status_code == 404
    for asset in re.findall(r'href="(/status/[^"]+)"', closed.text):
        assert client.get(asset, **on_host).status_code == 200, asset
    assert "name=page" not in client.get("/status/open", **on_host).text
    wrong = client.post("/status/open", data={"password": "open says me"}, **on_host)
    assert wrong.status_code == 403
    opened = client.post(
        "/status/open", data={"page": other["slug"], "password": "open sesame"}, **on_host
    )
    assert (opened.status_code, opened.headers["Location"]) == (303, "/")
    assert "Path=/;" in f"{opened.headers['Set-Cookie']};"
    assert "Checkout" in client.get("/", **on_host).text
    assert client.get("/history", **on_host).status_code == 200
    assert client.get(f"/status/{other['slug']}", **on_host).status_code == 404


def test_another_password_closes_it_again(app, alice, client, shown):
    page, _ = shown("Checkout", password="open sesame")
    client.post("/status/open", data={"page": page["slug"], "password": "open sesame"})
    assert client.get(f"/status/{page['slug']}").status_code == 200
    alice.patch(f"/status-pages/{page['id']}", {"password": "another one"})
    take_snapshots(app)
    assert client.get(f"/status/{page['slug']}").status_code == 404


def test_members_see_a_private_page(app, alice, charlie, client, shown):
    page, _ = shown("Checkout", is_public=False)
    path = f"/status/{page['slug']}"
    viewer = make_member(app, alice, "Vic", "viewer")
    assert client.get(path, headers=viewer.headers).status_code == 200
    assert client.get(path, headers=charlie.headers).status_code == 404
    browser = app.test_client()
    opened = browser.get(f"/api/v1/status-pages/{page['id']}/open", headers=viewer.headers)
    assert opened.status_code == 303
    assert browser.get(path).status_code == 200
    alice.delete(f"/members/{viewer.user_id}")
    assert browser.get(path).status_code == 404


@pytest.mark.parametrize(("scope", "status"), [("read", 200), ("wall", 404)])
def test_a_key_sees_a_private_page_within_its_scopes(alice, client, shown, scope, status):
    page, _ = shown("Checkout", is_public=False)
    key = alice.post("/api-keys", {"name": "k", "scopes": [scope]}).json["key"]
    headers = {"Authorization": f"Bearer {key}"}
    for rest in ("", ".json", "/feed.atom"):
        assert client.get(f"/status/{page['slug']}{rest}", headers=headers).status_code == status


def test_parts_of_a_page(client, shown):
    page, _ = shown("Checkout")
    path = f"/status/{page['slug']}"
    whole = client.get(f"{path}.json").json
    assert client.get(f"{path}/page.json").json == whole
    (key,) = whole["services"]
    assert key.startswith("sv_")
    for rest in (
        "history",
        "history?month=2026-11",
        f"services/{key}",
        "feed.atom",
        "feed.rss",
        f"feed.atom?service={key}",
        "maintenance.ics",
        "style.css",
        "page.mjs",
        "summary.json",
        "robots.txt",
        "sitemap.xml",
    ):
        answer = client.get(f"{path}/{rest}")
        assert answer.status_code == 200, rest
    for rest in (
        "history?month=x",
        "history?month=9999-01",
        "services/sv_x",
        "incidents/x",
        "x",
        "feed.atom?service=sv_x",
        "maintenance/x.ics",
    ):
        assert client.get(f"{path}/{rest}").status_code == 404, rest
    summary = client.get(f"{path}/summary.json").json
    assert set(summary) == {"page", "status", "components", "incidents", "scheduled_maintenances"}
    assert json.dumps(summary)


def test_an_earlier_slug_leads_on(app, alice, client, shown):
    page, _ = shown("Checkout")
    old = page["slug"]
    alice.patch(f"/status-pages/{page['id']}", {"slug": "new-name"})
    take_snapshots(app)
    answer = client.get(f"/status/{old}/history")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/status/new-name/history")
    for query in ("month=2026-10", "a=%C3%A9b%26&c", "q=\xc3\xa9"):
        environ = {"QUERY_STRING": query}  # as servers pass it on: each byte is a character
        answer = client.get(f"/status/{old}/history", environ_overrides=environ)
        told = quote(query.encode("latin-1"), safe="=&%")
        assert answer.headers["Location"] == f"/status/new-name/history?{told}", query
    assert client.get("/status/new-name").status_code == 200
    alice.delete(f"/status-pages/{page['id']}")
    assert client.get("/status/new-name").status_code == 404
