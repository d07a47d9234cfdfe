"""Choices of subscribers: services they name are told, and never become all by mistake."""

import re
from uuid import UUID

import pytest

from app.security.subscription_links import SubscriptionLink, sign
from tests.alerting import make_incident, make_subscriber
from tests.status_pages import make_shown, subscribe, take_snapshots


@pytest.fixture
def page(app, alice):
    page, services = make_shown(alice, "Checkout", "Search")
    take_snapshots(app)
    return page | {"services": services}


def keys_of(client, page):
    """Return the keys of a page's services by their names."""
    found = client.get(f"/status/{page['slug']}.json").json["services"]
    return {service["name"]: key for key, service in found.items()}


def test_unknown_services_are_refused(client, page, rows):
    key = keys_of(client, page)["Checkout"]
    for chosen in (["sv_aaaaaaaa"], [key, "sv_aaaaaaaa"]):
        answer = subscribe(client, page, service_ids=chosen)
        assert answer.status_code == 422
        assert "not on this page any more" in answer.text
        as_json = {"email": "jo@example.com", "service_ids": chosen}
        answer = client.post(f"/status/{page['slug']}/subscribe", json=as_json)
        assert answer.status_code == 422
        assert "sv_aaaaaaaa" in answer.json["error"]
        assert list(answer.json["fields"]) == ["service_ids"]
    assert rows("SELECT count(*) FROM page_subscribers") == [(0,)]
    assert subscribe(client, page, service_ids=[key]).status_code == 200
    assert rows("SELECT cardinality(service_ids) FROM page_subscribers") == [(1,)]


@pytest.mark.parametrize("is_deleted", [False, True])
def test_what_left_the_page_stays_chosen(app, client, alice, page, rows, is_deleted):
    shop, search = page["services"]
    keys = keys_of(client, page)
    subscriber = UUID(make_subscriber(alice, page)["id"])
    rows("UPDATE page_subscribers SET service_ids = %s", [UUID(shop["id"])])
    with app.app_context():
        own = f"/status/subscriptions/{sign(SubscriptionLink(subscriber, False))}"
    if is_deleted:
        assert alice.delete(f"/services/{shop['id']}").status_code == 204
    else:
        section = {"name": "Services", "service_ids": [search["id"]]}
        answer = alice.patch(f"/status-pages/{page['id']}", {"sections": [section]})
        assert answer.status_code == 200
    take_snapshots(app)
    make_incident(alice, page, title="Slow", service_ids=[search["id"]])
    assert rows("SELECT count(*) FROM notifications") == [(0,)]
    shown = client.get(own).text
    assert "Services that are no longer here" in shown
    boxes = re.findall(r"<input type=checkbox name=service_ids value=(\w+)( checked)?>", shown)
    assert boxes == [(keys["Search"], ""), ("gone", " checked")]

    def save(*chosen):
        data = {"action": "save", "wants": "incidents", "service_ids": list(chosen)}
        text = client.post(own, data=data).text
        ((stored,),) = rows("SELECT service_ids FROM page_subscribers")
        return "Saved" in text, [str(id) for id in stored]

    assert save("gone") == (True, [shop["id"]])
    assert save("sv_aaaaaaaa") == (False, [shop["id"]])
    assert save("gone", keys["Search"]) == (True, [search["id"], shop["id"]])
    assert save() == (True, [])  # everything, as the form says
