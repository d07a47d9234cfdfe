"""Subscribers: asked twice, told once, gone with one click."""

import re
from urllib.parse import urlsplit

import pytest

from app.platform.clock import monotonic
from tests.alerting import make_incident, make_subscriber
from tests.factories import make_member
from tests.receivers import Answer, HttpReceiver, MailReceiver
from tests.status_pages import link_of_subscriber, make_shown, subscribe, take_snapshots
from workers.dispatcher import Dispatcher


class Echo(HttpReceiver):
    """A receiver that answers with what it got."""

    def answer_to(self, request):
        return Answer(200, request.body)


@pytest.fixture
def mailbox():
    with MailReceiver() as mailbox:
        yield mailbox


@pytest.fixture
def deliver(app, mailbox, configure):
    """Send what is due, as the worker does."""
    configure(smtp_url=f"{mailbox.url}?verify=off", plan_limits=False)

    def run():
        Dispatcher(app).run(3)

    return run


@pytest.fixture
def page(app, alice, deliver):
    page, services = make_shown(alice, "Checkout", "Search")
    take_snapshots(app)
    return page | {"services": services}


def test_somebody_is_asked_told_and_gone(client, alice, page, deliver, mailbox, rows):
    answer = subscribe(client, page)
    assert answer.status_code == 200
    assert "If this address is new, we have sent a message." in answer.text
    deliver()
    (question,) = mailbox.mails
    link = link_of_subscriber(question)
    make_incident(alice, page, title="Too early")
    assert client.get(link).status_code == 200  # a scanner opens it
    assert rows("SELECT confirmed_at FROM page_subscribers") == [(None,)]
    assert "You are subscribed." in client.post(link, data={"action": "confirm"}).text
    made = make_incident(alice, page, body="We **look**.", service_ids=[])
    deliver()
    (news,) = mailbox.mails[1:]
    assert news.message["Subject"] == f"[{page['name']}] Payments fail"
    assert news.message["Auto-Submitted"] == "auto-generated"
    assert news.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"/incidents/{made['key']}" in news.part("plain")
    way_out = urlsplit(re.search(r"<(\S+)>", news.message["List-Unsubscribe"])[1]).path
    path = f"/status-pages/{page['id']}/incidents/{made['id']}/updates"
    alice.post(path, {"status": "resolved", "body": "Over."})
    deliver()
    over = mailbox.mails[2]
    assert over.message["References"] == news.message["References"]
    assert over.message["Subject"] == news.message["Subject"]
    gone = client.post(way_out, data={"List-Unsubscribe": "One-Click"})
    assert (gone.status_code, "Set-Cookie" in gone.headers) == (200, False)
    assert rows("SELECT count(*) FROM page_subscribers") == [(0,)]
    assert "no subscription any more" in client.get(way_out).text
    assert client.post(way_out, data={"List-Unsubscribe": "One-Click"}).status_code == 200


@pytest.fixture
def news(app, client, alice, page, deliver, mailbox, configure):
    """A message to somebody who has subscribed, on a server that reads mails of those who leave."""
    smtp_url = f"{mailbox.url}?verify=off"
    configure(unsubscribe_mailbox="leave@example.com", smtp_url=smtp_url, plan_limits=False)
    make_subscriber(alice, page)
    make_incident(alice, page)
    deliver()
    return mailbox.mails[-1]


@pytest.fixture
def pipe(app):
    """Give a mail to the command, as a mail server does; return what it said."""

    def give(mail):
        data = mail if isinstance(mail, bytes) else mail.encode()
        result = app.test_cli_runner().invoke(args=["pages", "unsubscribe"], input=data)
        assert result.exit_code == 0, result.output
        return result.output.strip()

    return give


def ways_out(news):
    """Return the one-click address and the address of a mail with which somebody leaves."""
    header = news.message["List-Unsubscribe"].replace("\r\n", "").replace(" ", "")
    return re.fullmatch(r"<(http[^>]+)>,<(mailto:[^>]+)>", header).groups()


def test_a_mail_ends_a_subscription(news, pipe, rows):
    _, address = ways_out(news)
    box, _, signed = address.removeprefix("mailto:").partition("?subject=")
    assert box == "leave@example.com"
    quoting = f"Subject: Out of office\r\n\r\n> {ways_out(news)[0]}\r\n"
    for harmless in (quoting, "", "Subject: m.x.y\r\n\r\n", b"\xff\xfe", "Subject: c.a.b.c\n\n"):
        assert pipe(harmless) == "The mail names no subscription."
    assert rows("SELECT count(*) FROM page_subscribers") == [(1,)]
    mail = f"From: jo@example.com\r\nSubject: {signed}\r\n\r\n"
    assert pipe(mail) == "The subscription is ended."
    assert rows("SELECT count(*) FROM page_subscribers") == [(0,)]
    assert pipe(mail) == "The subscription is ended."  # as the page says when asked again


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
def test_a_complaint_of_a_provider_ends_a_subscription(news, pipe, rows, kind):
    original = news.raw.decode().replace("\r\n", "\n")
    if kind == "text/rfc822-headers":
        original = original.split("\n\n", 1)[0]
    report = (
        "From: fbl@provider.example\nSubject: FW: complaint\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nThis is an abuse report.\n"
        "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n"
        f"--b\nContent-Type: {kind}\n\n{original}\n--b--\n"
    )
    assert pipe(report) == "The subscription is ended."
    assert rows("SELECT count(*) FROM page_subscribers") == [(0,)]


def test_nobody_can_tell_who_is_known(client, page, rows):
    answers = [subscribe(client, page)]
    answers.append(subscribe(client, page))
    rows("UPDATE page_subscribers SET confirmed_at = now()")
    answers.append(subscribe(client, page))
    answers.append(subscribe(client, page, "new@example.com"))
    assert len({answer.text for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {200}


def test_nobody_can_tell_by_the_time_either(client, page, rows):
    subscribe(client, page, "known@example.com")
    subscribe(client, page, "confirmed@example.com")
    rows(
        "UPDATE page_subscribers SET confirmed_at = now() WHERE id ="
        " (SELECT id FROM page_subscribers ORDER BY created_at DESC LIMIT 1)"
    )
    took = {}
    for who in ("known", "confirmed", "new", "another"):
        began = monotonic()
        subscribe(client, page, f"{who}@example.com")
        took[who] = monotonic() - began
    assert min(took.values()) >= 0.25, took


def test_nobody_is_asked_more_than_three_times_a_day(client, page, rows):
    for _ in range(5):
        subscribe(client, page)
        rows("UPDATE notifications SET subject_key = gen_random_uuid()")  # as if time went by
    assert rows("SELECT count(*) FROM notifications") == [(3,)]


def test_programs_fill_in_everything(client, page, rows):
    assert subscribe(client, page, homepage="https://spam.example").status_code == 200
    assert rows("SELECT count(*) FROM page_subscribers") == [(0,)]


@pytest.mark.parametrize("wrong", ["", "nobody", "a@b@c", "x\r\nBcc: y@example.com", "@"])
def test_wrong_addresses_are_told_so(client, page, wrong, rows):
    assert subscribe(client, page, wrong).status_code == 422
    answer = client.post(f"/status/{page['slug']}/subscribe", json={"email": wrong})
    assert answer.status_code == 422
    assert rows("SELECT count(*) FROM page_subscribers") == [(0,)]


def test_a_webhook_confirms_by_echo(client, alice, page, deliver, rows):
    with Echo() as receiver:
        body = {"webhook_url": f"{receiver.url}/hook"}
        assert client.post(f"/status/{page['slug']}/subscribe", json=body).status_code == 202
        deliver()
        (question,) = receiver.wait_for(1)
        assert question.json["data"]["challenge"].startswith("ch_")
        assert rows("SELECT confirmed_at IS NOT NULL FROM page_subscribers") == [(True,)]
        made = make_incident(alice, page)
        deliver()
        news = receiver.wait_for(2)[1]
        assert news.json["event"] == "incident.created"
        assert news.json["data"]["incident"]["id"] == made["key"]
        assert "x-alertifypro-signature" in news.headers
        secrets = (str(alice.organization_id), page["id"], made["id"])
        assert not [secret for secret in secrets if secret in news.body.decode()]


def test_a_webhook_that_does_not_echo_is_not_subscribed(client, page, deliver, rows):
    with HttpReceiver() as receiver:
        body = {"webhook_url": f"{receiver.url}/hook"}
        client.post(f"/status/{page['slug']}/subscribe", json=body)
        deliver()
        receiver.wait_for(1)
    assert rows("SELECT confirmed_at FROM page_subscribers") == [(None,)]


def test_who_chose_services_hears_of_those(app, client, alice, page, deliver, mailbox):
    take_snapshots(app)
    services = client.get(f"/status/{page['slug']}.json").json["services"]
    (key,) = [key for key, one in services.items() if one["name"] == "Search"]
    subscribe(client, page, service_ids=key)
    deliver()
    client.post(link_of_subscriber(mailbox.mails[0]), data={"action": "confirm"})
    shop, search = (service["id"] for service in page["services"])
    make_incident(alice, page, title="Of the shop", service_ids=[shop])
    make_incident(alice, page, title="Of both", service_ids=[shop, search])
    deliver()
    assert [mail.message["Subject"] for mail in mailbox.mails[1:]] == [f"[{page['name']}] Of both"]


def test_a_minor_update_tells_nobody_and_a_quick_one_replaces(alice, page, deliver, mailbox):
    make_subscriber(alice, page)
    made = make_incident(alice, page)
    path = f"/status-pages/{page['id']}/incidents/{made['id']}/updates"
    alice.post(path, {"status": "identified", "body": "A typo.", "notify": False})
    alice.post(path, {"status": "monitoring", "body": "It gets better."})
    deliver()
    (mail,) = mailbox.mails
    assert "It gets better." in mail.part("plain")


def test_who_is_refused_twice_is_paused(alice, page, deliver, mailbox, rows):
    make_subscriber(alice, page)
    mailbox.refusals["DATA"] = "550 no such user"
    for title in ("One", "Two", "Three"):
        make_incident(alice, page, title=title)
        deliver()
    assert rows("SELECT bounces, paused_at IS NOT NULL FROM page_subscribers") == [(2, True)]
    (shown,) = alice.get(f"/status-pages/{page['id']}/subscribers?state=paused").json
    assert shown["state"] == "paused"


def test_admins_see_export_and_delete(app, alice, page, rows):
    make_subscriber(alice, page, "+jo@example.com")
    path = f"/status-pages/{page['id']}/subscribers"
    ((stored, hashed),) = rows("SELECT address, address_hash FROM page_subscribers")
    assert "jo@example.com" not in f"{stored} {hashed}"
    exported = alice.get(f"{path}/export")
    assert "'+jo@example.com" in exported.text
    assert "subscriber.exported" in alice.get("/audit-logs").text
    assert alice.get(f"{path}/counts").json["by_state"] == {"confirmed": 1}
    editor = make_member(app, alice, "Ed", "editor")
    assert editor.get(path).status_code == 403
    (subscriber,) = alice.get(path).json
    assert alice.delete(f"{path}/{subscriber['id']}").status_code == 204
    assert alice.get(path).json == []
    no = {"emails": ["x@example.com"], "has_consent": False}
    assert alice.post(path, no).status_code == 422


def test_a_link_of_another_slug_still_works(app, client, alice, page, deliver, mailbox):
    make_subscriber(alice, page)
    make_incident(alice, page)
    deliver()
    link = link_of_subscriber(mailbox.mails[0])
    alice.patch(f"/status-pages/{page['id']}", {"slug": "a-new-name"})
    take_snapshots(app)
    assert "No more messages to" in client.get(link).text
    assert client.get(link[:-2] + "xx").status_code == 404
    saved = client.post(link, data={"action": "save", "wants": "maintenance"})
    assert "Saved." in saved.text
    alice.delete(f"/status-pages/{page['id']}")
    assert client.get(link).status_code == 200


def test_admins_find_one_and_ask_once_more(client, alice, page, deliver, mailbox, rows):
    path = f"/status-pages/{page['id']}/subscribers"
    alice.post(path, {"emails": ["Jo+Shop@example.com", "al@example.com"], "has_consent": True})
    (found,) = alice.get(f"{path}?address=jo%2Bshop@EXAMPLE.com").json
    assert found["address"] == "Jo+Shop@example.com"
    assert alice.get(f"{path}?address=example.com").json == []
    for _ in range(2):
        rows("UPDATE page_subscribers SET expires_at = now() + interval '1 hour'")
        answer = alice.post(f"{path}/{found['id']}/confirmation")
        assert (answer.status_code, answer.json["state"]) == (202, "unconfirmed")
        deliver()
    assert rows("SELECT count(*) FROM page_subscribers WHERE expires_at > now() + '1 day'") == [
        (1,)
    ]
    refused = alice.post(f"{path}/{found['id']}/confirmation")
    assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)
    deliver()
    asked = [mail for mail in mailbox.mails if "Jo+Shop" in mail.message["To"]]
    assert len(asked) == 3
    client.post(link_of_subscriber(asked[-1]), data={"action": "confirm"})
    assert alice.post(f"{path}/{found['id']}/confirmation").status_code == 409
