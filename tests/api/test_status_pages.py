"""/status-pages: create, list, read, change, delete; who may; what is refused."""

import pytest

from app.domain.status_pages.domains import Finding
from app.operations.status_pages import domains, logos
from tests.alerting import created, make_window
from tests.factories import make_member, make_service

DOCUMENTED = {"id", "organization_id", "name", "slug", "is_public", "branding", "created_at", "url"}


@pytest.fixture
def make_page(alice):
    def make(**changes):
        return created(alice, "/status-pages", {"name": "Acme status", **changes})

    return make


def test_a_name_is_enough(alice, make_page):
    page = make_page()
    assert set(page) >= DOCUMENTED
    assert page["organization_id"] == str(alice.organization_id)
    assert (page["slug"], page["is_public"], page["branding"]) == ("acme-status", True, {})
    assert page["url"] == "http://localhost/status/acme-status"
    assert (page["show_uptime_days"], page["theme"], page["has_password"]) == (90, "auto", False)
    assert alice.get(f"/status-pages/{page['id']}").json == page
    assert alice.get("/status-pages").json == [page]


def test_the_documented_example(alice, make_page):
    branding = {
        "logo_url": "https://example.com/logo.png",
        "primary_color": "#2563eb",
        "company_name": "Acme",
    }
    page = make_page(slug="acme", is_public=False, branding=branding)
    assert page["branding"] == branding
    assert page["slug"] == "acme"


def test_branding_is_free_form(make_page):
    assert make_page(branding={"mascot": {"name": "Otto"}})["branding"]["mascot"] == {
        "name": "Otto"
    }


@pytest.mark.parametrize("body", [{}, {"slug": "acme-status"}])
def test_a_slug_is_there_once_on_the_whole_server(charlie, make_page, body):
    make_page()
    answer = charlie.post("/status-pages", {"name": "Acme status", **body})
    assert (answer.status_code, answer.json) == (409, {"error": "this slug is taken"})


def test_an_earlier_slug_is_kept_for_the_page(alice, charlie, make_page):
    page = make_page(slug="old")
    path = f"/status-pages/{page['id']}"
    assert alice.patch(path, {"slug": "new"}).json["slug"] == "new"
    assert charlie.post("/status-pages", {"name": "Mine", "slug": "old"}).status_code == 409
    assert alice.patch(path, {"slug": "old"}).status_code == 200
    assert charlie.post("/status-pages", {"name": "Mine", "slug": "new"}).status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"slug": "Acme"},
        {"slug": "a--b"},
        {"slug": "api"},
        {"slug": "../x"},
        *(
            {"slug": slug}
            for slug in (
                "",
                "-a",
                "a-",
                "a_b",
                "a.json",
                "a b",
                "straße",
                "ａｃｍｅ",
                "аcme",
                "a\u200bb",
                "a\n",
                "assets",
                "open",
                "subscriptions",
                "ping",
                "%61",
                "x" * 61,
            )
        ),
        {"branding": {"primary_color": "red"}},
        {"branding": {"logo_url": "javascript:alert(1)"}},
        {"branding": {"logo_url": "data:text/html;base64,AAAA"}},
        {"links": {"support": "javascript:alert(1)"}},
        {"custom_domain": "10.0.0.1"},
        *(
            {"custom_domain": host}
            for host in (
                "localhost",
                "*.example.com",
                "status.example.com:8080",
                "https://status.example.com",
                "status..example.com",
                "status.example.com..",
                "-a.example.com",
                "a b.example.com",
                "status.example.com/x",
                "user@status.example.com",
                "[::1]",
                "2130706433",
                "0x7f.1",
                "a" * 64 + ".example.com",
                ("a" * 60 + ".") * 5 + "example",
                ".example.com",
                "☃☃.．",
            )
        ),
        {"custom_css": ".section {background: url(https://evil.example)}"},
        {"custom_css": "h1 {color: red}"},
        {"custom_css": ".service {margin-top: -900px}"},
        {"custom_css": "@import 'x';"},
        {"language": "xx"},
        {"timezone": "Mars/Base"},
        {"timezone": "localtime"},
        {"password": "short"},
        {"sections": [{"name": "A"}, {"name": "A"}]},
        {"sections": [{"name": "A", "service_ids": ["7b6f3d1e-0c4a-4e0b-9a51-6d5c2f1e8a90"]}]},
        {"services": {"7b6f3d1e-0c4a-4e0b-9a51-6d5c2f1e8a90": {"name": "x"}}},
        {"unknown": 1},
    ],
)
def test_what_makes_no_sense_is_refused(alice, wrong):
    answer = alice.post("/status-pages", {"name": "Acme", **wrong})
    assert answer.status_code == 422, answer.text
    assert next(iter(wrong)) in answer.json["fields"]


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("STATUS.Example.COM.", "status.example.com"),
        ("status.bücher.example", "status.xn--bcher-kva.example"),
        ("faß.example", "xn--fa-hia.example"),  # as browsers do, not `fass`
        ("ｓｔａｔｕｓ.example.com", "status.example.com"),
        ("日本語.example", "xn--wgv71a119e.example"),
        ("_status.example.com", "_status.example.com"),
    ],
)
def test_a_host_is_stored_as_browsers_ask_for_it(make_page, given, stored):
    assert make_page(custom_domain=given)["custom_domain"] == stored


OWN_HOSTS = {
    "base_url": "https://überwachung.example",
    "ping_url": "https://ping.example.com:3002",
    "console_hosts": ("monitor.example.net",),
}


@pytest.mark.parametrize(
    "host", ["Überwachung.example", "ping.example.com", "MONITOR.example.net."]
)
def test_the_hosts_of_the_installation_belong_to_no_page(alice, configure, host):
    configure(**OWN_HOSTS)
    body = {"name": "Acme", "custom_domain": host}
    assert "custom_domain" in alice.post("/status-pages", body).json["fields"]
    other = alice.post("/status-pages", body | {"custom_domain": "status.example.com"}).json
    assert other["domain"]["cname"] == "xn--berwachung-8db.example"


def test_services_of_others_are_unknown(alice, charlie):
    theirs = make_service(charlie)["id"]
    for body in (
        {"sections": [{"name": "A", "service_ids": [theirs]}]},
        {"services": {theirs: {"name": "Mine"}}},
    ):
        assert alice.post("/status-pages", {"name": "Acme", **body}).status_code == 422


def test_sections_hold_services_by_id_and_tag(alice, make_page):
    one = make_service(alice, name="One")
    make_service(alice, name="Two", tags=["public"])
    section = {"name": "All", "service_ids": [one["id"]], "tags": ["public"]}
    page = make_page(sections=[section])
    assert page["services_count"] == 2
    make_service(alice, name="Three", tags=["public"])
    assert alice.get(f"/status-pages/{page['id']}").json["services_count"] == 3


def test_what_was_read_can_be_sent_back(alice, make_page):
    page = make_page(password="open sesame", sections=[{"name": "A"}], announcement={"text": "x"})
    path = f"/status-pages/{page['id']}"
    answer = alice.put(path, page)
    assert answer.status_code == 200, answer.text
    assert {**answer.json, "updated_at": ""} == {**page, "updated_at": ""}
    assert answer.json["has_password"] is True
    assert alice.patch(path, {"password": None}).json["has_password"] is False


def test_a_page_of_a_deleted_service_can_be_sent_back(alice, make_page):
    ids = [make_service(alice, name=name)["id"] for name in ("One", "Two")]
    names = {id: {"name": f"Public {id}"} for id in ids}
    page = make_page(sections=[{"name": "A", "service_ids": ids}], services=names)
    assert alice.delete(f"/services/{ids[0]}").status_code == 204
    path = f"/status-pages/{page['id']}"
    read = alice.get(path).json
    assert read["sections"][0]["service_ids"] == ids[1:] == list(read["services"])
    assert read["services_count"] == 1
    answer = alice.put(path, read)
    assert answer.status_code == 200, answer.text
    assert alice.patch(path, {"sections": read["sections"]}).status_code == 200


def test_who_may(app, alice, make_page):
    page = make_page()
    path = f"/status-pages/{page['id']}"
    people = {
        role: make_member(app, alice, role, role)
        for role in ("viewer", "responder", "editor", "admin")
    }
    for role in ("viewer", "responder"):
        assert people[role].get(path).status_code == 200
        assert people[role].patch(path, {"name": "x"}).status_code == 403
    assert people["editor"].patch(path, {"name": "x"}).status_code == 200
    for change in (
        {"custom_domain": "status.example.com"},
        {"custom_css": ".section {color: red}"},
    ):
        assert people["editor"].patch(path, change).status_code == 403
        assert people["admin"].patch(path, change).status_code == 200
        # What an admin has set, an editor may send back.
        assert people["editor"].patch(path, change).status_code == 200
    for change in ({"custom_domain": None}, {"custom_css": ""}):
        assert people["editor"].patch(path, change).status_code == 403


def test_a_deleted_page_leaves_nothing(alice, make_page):
    page = make_page()
    window = make_window(alice, status_page_ids=[page["id"]])
    assert alice.delete(f"/status-pages/{page['id']}").status_code == 204
    assert alice.get(f"/status-pages/{page['id']}").status_code == 404
    assert alice.get(f"/maintenance-windows/{window['id']}").json["status_page_ids"] == []
    assert make_page()["slug"] == page["slug"]


def test_a_password_is_stored_as_a_hash_and_never_told(alice, make_page, rows):
    make_page(password="open sesame")
    ((stored,),) = rows("SELECT password_hash FROM status_pages")
    assert stored.startswith("$argon2id$")
    assert "sesame" not in alice.get("/status-pages").text + alice.get("/audit-logs").text


def test_of_two_who_edit_at_once_the_second_is_told(alice, make_page, rows):
    page = make_page()
    path = f"/status-pages/{page['id']}"
    mine = {"theme": "dark", "unchanged_since": page["updated_at"]}
    theirs = alice.patch(path, {"layout": "columns", "unchanged_since": page["updated_at"]})
    assert theirs.status_code == 200, theirs.text
    refused = alice.patch(path, mine)
    assert (refused.status_code, list(refused.json["fields"])) == (409, ["unchanged_since"])
    assert theirs.json["updated_at"] in refused.text
    assert alice.get(path).json["theme"] == page["theme"]
    again = alice.patch(path, mine | {"unchanged_since": theirs.json["updated_at"]}).json
    assert (again["theme"], again["layout"]) == ("dark", "columns")
    whole = alice.put(path, page | {"unchanged_since": page["updated_at"]})
    assert whole.status_code == 409
    assert alice.patch(path, {"theme": "light"}).status_code == 200
    preview = alice.post("/status-pages/preview", {"unchanged_since": page["updated_at"]})
    assert preview.status_code == 422


def test_what_runs_by_itself_does_not_count_as_an_edit(app, alice, make_page):
    logo = "https://logos.example.com/a.png"
    page = make_page(custom_domain="status.example.com", branding={"logo_url": logo})
    alice.post(f"/status-pages/{page['id']}/verify-domain")
    with app.app_context():
        (records,) = domains.due()
        domains.record(records, "as it should be", Finding.RIGHT, Finding.WRONG)
        domains.record(records, "nothing", Finding.WRONG, Finding.WRONG)
        (wanted,) = logos.due()
        logos.keep(wanted, data=None, error="no answer")
    found = alice.get(f"/status-pages/{page['id']}").json
    assert found["domain"]["seen"] == "nothing"
    assert found["updated_at"] == page["updated_at"]
