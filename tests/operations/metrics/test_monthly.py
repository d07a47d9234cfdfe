"""Monthly reports: who gets them, what they say, once each, and the way out."""

from datetime import date, timedelta
from email import message_from_bytes
from zoneinfo import ZoneInfo

import pytest

from app.channels.mail import build_mail
from app.domain.metrics.months import due_month, window
from app.operations.notifications import claim as outbox_claim
from app.operations.reports import monthly
from app.platform.clock import utcnow
from tests.factories import make_result, make_service
from tests.operations.metrics.killing import killed_at
from tests.partitions import make_days
from tests.times import iso
from workers.dispatcher import compose_message

SMTP = "smtp://127.0.0.1:2525"
PATH = "/reports/monthly"


@pytest.fixture(autouse=True)
def mail_server(configure, context):
    configure(smtp_url=SMTP)


def mails():
    sends = outbox_claim.claim(10)
    return [(send, compose_message(send)) for send in sends]


def addressees(rows):
    return {to for (to,) in rows("SELECT contact->'config'->'to'->>0 FROM notifications")}


def long_ago(rows):
    """Make every subscription one that got its last report long ago."""
    rows("UPDATE report_subscriptions SET reported_month = '2020-01-01'")


def test_one_subscribes_for_oneself(alice, bob, charlie):
    nobody = alice.get(PATH).json
    following = {name: nobody[name] for name in ("next_month", "next_due_at")}
    assert nobody == {"is_subscribed": False, "sla_target": None, "can_be_sent": True} | following
    assert following["next_month"] == f"{utcnow():%Y-%m-01}"
    assert following["next_due_at"] > iso(utcnow())
    found = alice.put(PATH, {"sla_target": 99.5}).json
    assert found == {"is_subscribed": True, "sla_target": 99.5, "can_be_sent": True} | following
    assert bob.get(PATH).json == charlie.get(PATH).json == nobody
    assert alice.put(PATH, {}).json["sla_target"] == 99.9
    assert alice.put(PATH, {"sla_target": 101}).status_code == 422
    assert alice.delete(PATH).status_code == alice.delete(PATH).status_code == 204
    assert alice.get(PATH).json == nobody


def test_the_first_report_is_of_the_month_that_ends_next(alice, rows):
    alice.put(PATH, {})
    assert monthly.send_due() == 0
    assert rows("SELECT reported_month < now() FROM report_subscriptions") == [(True,)]


def test_a_report_is_of_the_local_month(alice, rows, connection):
    zone = "Asia/Tokyo"
    alice.patch("/organization", {"timezone": zone})
    begin, end = window(due_month(utcnow(), ZoneInfo(zone)), ZoneInfo(zone))
    make_days(connection, begin - timedelta(days=2), end + timedelta(days=1))
    service = make_service(alice, name="Shop")
    for at, status in (
        (begin - timedelta(seconds=1), "RED"),
        (begin + timedelta(minutes=1), "GREEN"),
        (end - timedelta(minutes=9), "RED"),
        (end - timedelta(minutes=4), "GREEN"),
    ):
        make_result(connection, service["id"], at, status, cover_seconds=300)
    alice.put(PATH, {"sla_target": 99})
    long_ago(rows)
    assert monthly.send_due() == 1
    assert addressees(rows) == {alice.email}
    ((_, message),) = mails()
    # The last second before the month spoke for a minute of it.
    assert "\nShop: 60.00 %, 6 min down, incidents: 2, target missed\n" in message.text
    assert f"00:00 to {end.astimezone(ZoneInfo(zone)):%Y-%m-%d} 00:00 ({zone}), target 99 %" in (
        message.text
    )


def test_the_first_month_of_an_organization_is_what_was_seen_of_it(alice, rows, connection):
    """A service of the last hour of a month: what was before it is no downtime, and no uptime."""
    zone = ZoneInfo("Pacific/Kiritimati")
    alice.patch("/organization", {"timezone": str(zone)})
    begin, end = window(due_month(utcnow(), zone), zone)
    make_days(connection, end - timedelta(days=2), end + timedelta(days=1))
    service = make_service(alice, name="Shop")
    made = end - timedelta(hours=1)
    rows("UPDATE services SET created_at = %s", made)
    rows("UPDATE organizations SET created_at = %s", made)
    for minutes, status in ((0, "GREEN"), (45, "RED")):
        at = made + timedelta(minutes=minutes)
        make_result(connection, service["id"], at, status, cover_seconds=3600)
    found = alice.get(f"/reports/sla?from={iso(begin)}&to={iso(end)}").json
    assert (found["period_start"], found["period_end"]) == (iso(begin), iso(end))
    (row,) = found["services"]
    assert (row["uptime_percentage"], row["downtime_seconds"], row["known_seconds"]) == (
        75.0, 900.0, 3600.0,
    )  # fmt: skip
    alice.put(PATH, {})
    long_ago(rows)
    assert monthly.send_due() == 1
    ((_, message),) = mails()
    assert "\nShop: 75.00 %, 15 min down, incidents: 1, target missed\n" in message.text


def test_hostile_names_break_nothing(alice, rows, connection):
    """Names with markup, in another direction, and of headers: each stays where it stands."""
    names = ("دفع", "=?UTF-8?Q?=0D=0ABcc:_a@example.com?=", "<b>&amp;", '"; DROP TABLE x')
    for name in names:
        make_service(alice, name=name)
    assert alice.patch("/organization", {"name": f"{names[0]} {names[1]}"}).status_code == 200
    alice.put(PATH, {"sla_target": 99.99999})
    long_ago(rows)
    assert monthly.send_due() == 1
    ((_, message),) = mails()
    for name in names[1:]:
        assert f"\n{name}: no data\n" in message.text
    assert "\n\u2068دفع\u2069: no data\n" in message.text
    assert ", target 99.99999 %\n" in message.text
    mail = message_from_bytes(build_mail(message, "a@example.com", [alice.email], utcnow()))
    assert mail["Bcc"] is None
    assert len(mail.get_all("Subject")) == 1
    (html,) = (part for part in mail.walk() if part.get_content_type() == "text/html")
    assert "&lt;b&gt;&amp;amp;" in html.get_payload(decode=True).decode()


def test_once_each(alice, bob, rows):
    for person in (alice, bob):
        person.put(PATH, {})
    long_ago(rows)
    assert monthly.send_due() == 2
    assert monthly.send_due() == 0
    assert addressees(rows) == {alice.email, bob.email}
    assert len(mails()) == 2


def test_once_each_although_it_is_killed_before_any_statement(alice, bob, rows, config):
    make_service(alice)
    for person in (alice, bob):
        person.put(PATH, {})
    statement = 1
    with killed_at("send_due", config, SMTP_URL=SMTP, MAIL_FROM="a@example.com") as send_until:
        while True:
            rows("DELETE FROM notifications")
            long_ago(rows)
            if not send_until(statement):
                break
            assert not send_until(0)
            assert rows("SELECT count(*) FROM notifications") == [(2,)]
            statement += 1
    assert statement > 15


def test_a_report_can_be_unsubscribed_from_its_mail(alice, client, rows):
    alice.put(PATH, {})
    long_ago(rows)
    monthly.send_due()
    ((_, message),) = mails()
    mail = build_mail(message, "a@example.com", [alice.email], utcnow()).decode()
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in mail
    path = message.unsubscribe_url.removeprefix("http://localhost")
    assert path in message.text
    assert "No more reports" in client.get(path).text
    assert alice.get(PATH).json["is_subscribed"] is True  # scanners open links
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert alice.get(PATH).json["is_subscribed"] is False
    assert client.post(path).status_code == 200
    for method in (client.get, client.post):
        assert method(path[:-2]).status_code == 404


def test_who_leaves_gets_no_report(alice, bob, rows):
    bob.put(PATH, {})
    long_ago(rows)
    assert alice.delete(f"/members/{bob.user_id}").status_code == 204
    assert monthly.send_due() == 0


def test_without_a_mail_server_nothing_is_lost(alice, rows, configure):
    alice.put(PATH, {})
    long_ago(rows)
    configure(smtp_url="")
    assert alice.get(PATH).json["can_be_sent"] is False
    assert monthly.send_due() == 0
    assert rows("SELECT reported_month FROM report_subscriptions") == [(date(2020, 1, 1),)]
