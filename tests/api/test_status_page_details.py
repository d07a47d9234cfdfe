"""What a page shows where it says so: why a service is down, where it is checked, which host."""

import re

import pytest

from app.domain.status_pages.causes import Cause, cause_of
from app.domain.types import FailureKind
from app.pages.status.store import store_of
from app.platform.clock import utcnow
from tests.factories import make_result
from tests.status_pages import make_shown, take_snapshots


@pytest.mark.parametrize("kind", FailureKind)
def test_every_kind_of_failure_is_a_cause_or_our_own_matter(kind):
    own = {FailureKind.GUARD, FailureKind.CONFIGURATION, FailureKind.OWN_LIMIT,
           FailureKind.OWN_OUTAGE, FailureKind.OWN_FAULT, FailureKind.ISOLATED}  # fmt: skip
    assert (cause_of(kind) is None) is (kind in own)
    assert cause_of("of another release") is None


@pytest.fixture
def failing(app, alice, rows, connection):
    page, (service,) = make_shown(alice, "Checkout")
    rows("UPDATE services SET status = 'RED', status_changed_at = now()")
    rows("UPDATE schedule_entries SET status = 'RED', last_error = 'refused by 10.9.8.7'")
    answer = {"error": "refused by 10.9.8.7", "failure_kind": FailureKind.REFUSED}
    make_result(connection, service["id"], utcnow(), "RED", **answer)
    return page, service


def test_a_page_says_why_and_from_where_only_if_it_is_to(app, alice, client, failing):
    page, _ = failing
    path = f"/status/{page['slug']}"
    take_snapshots(app)
    (service,) = client.get(f"{path}.json").json["services"].values()
    assert (service["cause"], service["regions"]) == (None, None)
    assert "No connection" not in client.get(path).text
    alice.patch(f"/status-pages/{page['id']}", {"show": {"error_category": True, "regions": True}})
    take_snapshots(app)
    ((key, service),) = client.get(f"{path}.json").json["services"].items()
    assert (service["cause"], service["regions"]) == (Cause.CONNECTION, {"default": "down"})
    assert re.search(r"<b>Down</b>.*>No connection · ", client.get(path).text)
    own = client.get(f"{path}/services/{key}").text
    assert "Checked from: default (Down)" in own
    assert "10.9.8.7" not in own + client.get(path).text + client.get(f"{path}.json").text


def test_what_a_person_says_has_no_cause(app, alice, client, failing):
    page, service = failing
    alice.patch(f"/status-pages/{page['id']}", {"show": {"error_category": True}})
    body = {"title": "x", "body": "y", "service_ids": [service["id"]],
            "service_states": {service["id"]: "down"}}  # fmt: skip
    assert alice.post(f"/status-pages/{page['id']}/incidents", body).status_code == 201
    take_snapshots(app)
    (shown,) = client.get(f"/status/{page['slug']}.json").json["services"].values()
    assert (shown["state"], shown["cause"]) == ("down", None)


def test_the_slug_leads_to_the_host_where_that_is_wanted_and_served(
    app, alice, client, rows, monkeypatch
):
    page, _ = make_shown(alice, "Checkout", slug="acme", custom_domain="status.acme.example")
    path = f"/status-pages/{page['id']}"
    alice.patch(path, {"show": {"on_domain_only": True}})
    take_snapshots(app)
    assert client.get("/status/acme").status_code == 200  # the host is not verified
    rows("UPDATE status_pages SET domain_verified_at = now()")
    take_snapshots(app)
    query = "feed.atom?service=x"
    for asked, expected in (("", ""), (".json", "page.json"), (f"/{query}", query)):
        answer = client.get(f"/status/acme{asked}")
        assert answer.status_code == 302, asked
        assert answer.headers["Location"] == f"http://status.acme.example/{expected}"
    answer = client.get("/status/acme", environ_overrides={"QUERY_STRING": "q=\xc3\xa9"})
    assert answer.headers["Location"] == "http://status.acme.example/?q=%C3%A9"
    store = store_of(app)
    for is_watched in (False, True):  # by the view, and in front of it
        monkeypatch.setattr(store, "is_watched", is_watched)
        answer = client.get("/status/acme/a%20b%C3%A9%3Fc%23%25")
        assert answer.status_code == 302
        told = "http://status.acme.example/a%20b%C3%A9%3Fc%23%25"
        assert answer.headers["Location"] == told
    answer = client.get("/status/acme/a%0d%0aSet-Cookie:%20b=c")
    told = "http://status.acme.example/a%0D%0ASet-Cookie:%20b=c"
    assert (answer.status_code, answer.headers["Location"]) == (302, told)
    monkeypatch.setattr(store, "is_watched", False)
    host = {"base_url": "http://status.acme.example"}
    assert "Checkout" in client.get("/", **host).text
    assert client.get("/subscribe", **host).status_code == 200
    alice.patch(path, {"password": "open sesame"})
    take_snapshots(app)
    assert client.get("/status/acme").status_code == 404  # as if there was none
    alice.patch(path, {"password": None, "show": {"on_domain_only": False}})
    take_snapshots(app)
    assert client.get("/status/acme").status_code == 200


def test_an_earlier_slug_leads_on_whatever_is_asked_for_and_from_where(app, alice, client):
    page, _ = make_shown(alice, "Checkout", slug="old-name")
    alice.patch(f"/status-pages/{page['id']}", {"slug": "new-name"})
    take_snapshots(app)
    # What reads a page from another site reads it on (Fetch, 4.5: each redirect is asked).
    summary = client.get("/status/old-name/summary.json", headers={"Origin": "https://a.example"})
    assert (summary.status_code, summary.headers["Access-Control-Allow-Origin"]) == (301, "*")
    answer = client.get("/status/old-name/a%20b%C3%A9%3Fc%23%25")
    told = "/status/new-name/a%20b%C3%A9%3Fc%23%25"
    assert (answer.status_code, answer.headers["Location"]) == (301, told)
