"""Addresses of subscribers in every spelling, and links that are used twice or too late."""

import re
from urllib.parse import urlsplit

import pytest

from app.operations.status_pages import subscriptions
from app.security import subscription_links
from tests.alerting import make_incident, make_subscriber
from tests.receivers import MailReceiver
from tests.status_pages import link_of_subscriber, make_shown, subscribe, take_snapshots
from workers.dispatcher import Dispatcher


@pytest.fixture
def mailbox(configure):
    with MailReceiver() as mailbox:
        configure(smtp_url=f"{mailbox.url}?verify=off", plan_limits=False)
        yield mailbox


@pytest.fixture
def page(app, alice, mailbox):
    page, _ = make_shown(alice, "Checkout")
    take_snapshots(app)
    return page


@pytest.mark.parametrize(
    ("first", "again", "count"),
    [
        ("jo+shop@example.com", "jo+shop@example.com", 1),
        ("jo+shop@example.com", "jo@example.com", 2),  # which is whose, only their server knows
        ("Jo@Example.COM", "jo@example.com", 1),
        ("jo@bücher.example", "jo@xn--bcher-kva.example", 1),
        ("jo@example.com.", "jo@example.com", 1),
        (" jo@example.com ", "jo@example.com", 1),
    ],
)
def test_one_address_is_one_subscriber(app, client, page, mailbox, rows, first, again, count):
    for address in (first, again):
        assert subscribe(client, page, address).status_code == 200
    assert rows("SELECT count(*) FROM page_subscribers") == [(count,)]
    Dispatcher(app).run(3)
    assert "" not in {mail.recipients[0] for mail in mailbox.mails}


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_click_takes_both_forms_and_works_twice(app, client, alice, page, mailbox, kind):
    make_subscriber(alice, page)
    make_incident(alice, page)
    Dispatcher(app).run(3)
    news = mailbox.mails[-1].message["List-Unsubscribe"]
    path = urlsplit(re.search(r"<(\S+)>", news)[1]).path
    for _ in range(3):
        form = {"List-Unsubscribe": "One-Click"}
        answer = client.post(path, data=form, content_type=kind)
        assert (answer.status_code, "Location" in answer.headers) == (200, False)
    assert alice.get(f"/status-pages/{page['id']}/subscribers").json == []
    assert client.post(path, data={"action": "save"}).status_code == 200
    assert client.post(path, data={"action": "confirm"}).status_code == 200
    assert alice.get(f"/status-pages/{page['id']}/subscribers").json == []


def test_a_confirmation_of_yesterday_explains_itself(app, client, page, mailbox, rows, monkeypatch):
    subscribe(client, page)
    Dispatcher(app).run(3)
    link = link_of_subscriber(mailbox.mails[0])
    monkeypatch.setattr(subscription_links, "CONFIRM_SECONDS", -1)
    for answer in (client.get(link), client.post(link, data={"action": "confirm"})):
        assert answer.status_code == 410
        assert "expired" in answer.text
    assert rows("SELECT confirmed_at FROM page_subscribers") == [(None,)]


def test_an_import_keeps_to_the_plan(alice, page, configure, rows, monkeypatch):
    configure(plan_limits=True)
    monkeypatch.setitem(subscriptions.MAX_SUBSCRIBERS, "free", 3)
    path = f"/status-pages/{page['id']}/subscribers"

    def bring(*names):
        emails = [f"{name}@example.com" for name in names]
        return alice.post(path, {"emails": emails, "has_consent": True, "reason": "They signed."})

    assert bring("a", "A", "b").json == {"added": 2, "known": 1}
    refused = bring("a", "c", "d")
    assert (refused.status_code, "at most 3 subscribers" in refused.text) == (403, True)
    assert rows("SELECT count(*) FROM page_subscribers") == [(2,)]  # none of them was added
    assert bring("a", "c").json == {"added": 1, "known": 1}
