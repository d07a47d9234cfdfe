"""The shell on the addresses of the console, its files, and the page for addresses of nobody."""

import gzip
import re

import pytest

from app.console import pages
from app.console.assets import STYLES, Assets

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize(
    "path", ["/", *(f"/{segment}" for segment in pages.SCREENS), "/alerts/1?org=acme"]
)
def test_every_address_of_the_console_answers_the_shell(client, path):
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Content-Security-Policy"] == pages.CONTENT_SECURITY
    assert "unsafe" not in pages.CONTENT_SECURITY
    assert '<div id="app">' in answer.text
    assert "Set-Cookie" not in answer.headers


def test_a_shell_that_is_known_is_not_sent_again(client):
    etag = client.get("/services").headers["ETag"]
    answer = client.get("/services", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.data) == (304, b"")


def test_the_shell_names_files_that_exist_and_stay(client):
    release = pages.assets.current()
    text = client.get("/").text
    styles = [(pages._FOLDER / "static" / name).read_bytes() for name in STYLES]
    comments = (b"//", b"/**", b"* ", b"*/")
    lines = (pages._FOLDER / "static" / "app.mjs").read_bytes().split(b"\n")
    files = {
        "app.mjs": b"\n".join(b"" if line.strip().startswith(comments) else line for line in lines),
        "console.css": re.sub(rb"/\*.*?\*/\s*", b"", b"\n".join(styles), flags=re.DOTALL),
    }
    for name, written in files.items():
        address = f"/assets/{release.hash}/{name}"
        assert address in text
        plain = client.get(address)
        small = client.get(address, headers={"Accept-Encoding": "br, gzip"})
        none = client.get(address, headers={"Accept-Encoding": "gzip;q=0"})
        assert plain.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert plain.headers["X-Content-Type-Options"] == "nosniff"
        assert "Content-Encoding" not in none.headers
        body = gzip.decompress(small.data) if "Content-Encoding" in small.headers else small.data
        assert body == plain.data == written
    assert client.get(f"/assets/{release.hash}/app.mjs").mimetype == "text/javascript"


@pytest.mark.parametrize(
    "path",
    ["shell.html", "../pages.py", "%2e%2e/pages.py", "nothing.mjs", "", "app.mjs/", "/app.mjs"],
)
def test_only_files_of_the_console_are_served(client, path):
    hash = pages.assets.current().hash
    assert client.get(f"/assets/{hash}/{path}").status_code == 404


def test_files_of_another_release_are_not_served_as_this_one(client):
    assert client.get("/assets/0123456789abcdef/app.mjs").status_code == 404


def test_modules_of_the_first_screen_are_loaded_side_by_side(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    write("shell.html", "")
    write(
        "app.mjs",
        'import { a,\n  b } from "./lib/time.mjs";\nimport "./store/all.mjs";\n'
        'export * from "./routes.mjs";\n// import "./no/such.mjs"\nimport x from "elsewhere";\n',
    )
    write(
        "routes.mjs",
        'export const routes = {\n  "/services": () => import("./screens/services.mjs"),\n'
        '  "/services/:id": () => import("./screens/service.mjs"),\n'
        '  "/services/new": () => import("./screens/form.mjs"),\n};\n',
    )
    write("lib/time.mjs", "export const a = 1, b = 2;")
    write("store/all.mjs", 'import { a } from "../lib/time.mjs";')
    write("screens/services.mjs", 'import { row } from "../parts/row.mjs";')
    write("screens/service.mjs", 'import "../app.mjs"; import("../parts/row.mjs");')
    write("screens/form.mjs", "")
    write("parts/row.mjs", 'export { a as row } from "../lib/time.mjs";')
    release = Assets(tmp_path).current()
    frame = ["lib/time.mjs", "store/all.mjs", "routes.mjs"]
    assert release.preloads("/nowhere") == frame
    assert release.preloads("/services") == [*frame, "screens/services.mjs", "parts/row.mjs"]
    assert release.preloads("/services/7/") == [*frame, "screens/service.mjs"]
    assert release.preloads("/services/new") == [*frame, "screens/form.mjs"]


def test_an_edited_file_is_served_without_a_restart(tmp_path):
    (tmp_path / "app.mjs").write_text("first")
    assets = Assets(tmp_path)
    before = assets.current()
    (tmp_path / "app.mjs").write_text("second version")
    after = Assets(tmp_path).current()
    assert assets.find(after.hash, "app.mjs").body == b"second version"
    assert assets.find(before.hash, "app.mjs") is None
    assert assets.current().hash == after.hash != before.hash


@pytest.mark.parametrize("path", ["/no-such-page", "/services2", "/assets", "/assets/x"])
def test_an_address_of_nobody(client, path):
    page = client.get(path, headers=BROWSER)
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert 'href="/"' in page.text
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    for headers in ({}, {"Accept": "*/*"}, {"Accept": "application/json"}):
        assert client.get(path, headers=headers).data == b'{"error":"not found"}'
    assert client.post(path, headers=BROWSER).data == b'{"error":"not found"}'


def test_the_api_answers_json_to_browsers_too(client):
    assert client.get("/api/v1/nothing", headers=BROWSER).data == b'{"error":"not found"}'


def test_the_console_is_only_read(client):
    assert client.post("/services").status_code == 405


UNREADABLE = [
    "/services?q=%FF",
    "/alerts/%C3%28?x=%C0%80",
    "/?q=%00",
    "/services/a%00b",
    "/wall?%FF",
]


@pytest.mark.parametrize(
    "path", [*UNREADABLE, "/status/acme?at=%FF", "/guide?q=%FF", "/no-page?q=%FF"]
)
def test_a_browser_hears_on_a_page_what_cannot_be_read(client, path):
    page = client.get(path, headers=BROWSER)
    assert (page.status_code in (404, 422), page.mimetype) == (True, "text/html")
    assert page.headers["X-Request-Id"]
    assert 'href="/"' in page.text
    for headers in ({}, {"Accept": "*/*"}, {"Accept": "application/json"}):
        answer = client.get(path, headers=headers)
        assert (answer.status_code, answer.mimetype) == (page.status_code, "application/json")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("kind", ["alerts/act", "reports/monthly/leave"])
def test_a_broken_link_of_a_message_leads_to_a_page(client, kind, method):
    for rest in ("cut-off", "cut-off?utm=%FF"):
        answer = client.open(f"/api/v1/{kind}/{rest}", method=method, headers=BROWSER)
        assert (answer.status_code in (404, 422), answer.mimetype) == (True, "text/html")
    plain = client.open(f"/api/v1/{kind}/cut-off", method=method)
    assert (plain.status_code, plain.mimetype) == (404, "application/json")


@pytest.mark.parametrize("path", ["/api/v1/services?q=%FF", "/metrics?q=%FF", "/ping/x?state=%FF"])
def test_programs_get_no_page_whatever_they_take(client, path):
    answer = client.get(path, headers=BROWSER)
    assert answer.status_code >= 400
    assert answer.mimetype in ("application/json", "text/plain")


def test_a_browser_hears_on_a_page_that_something_broke(app, monkeypatch):
    def broken():
        raise RuntimeError("no file")

    monkeypatch.setattr(pages.assets, "current", broken)
    answer = app.test_client().get("/services", headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert f"request {answer.headers['X-Request-Id']}" in answer.text
    assert "no file" not in answer.text
    assert app.test_client().get("/services").mimetype == "application/json"


def test_a_failure_that_was_told_is_not_told_again(app):
    with app.app_context():
        client = app.test_client()
        assert client.get("/api/v1/nothing", headers=BROWSER).status_code == 404
        assert client.get("/services", headers=BROWSER).status_code == 200
