"""What strangers get holds nothing of the inside, and no host serves what is another's."""

import random
import re
from urllib.parse import urlsplit

import orjson
import pytest

from app.pages.status import statuspage
from app.pages.status.export import Copy
from app.pages.status.store import PageStore
from tests.alerting import make_alert, make_incident, make_page, make_subscriber, make_window
from tests.factories import make_service
from tests.receivers import MailReceiver
from tests.status_pages import make_shown, take_snapshots
from workers.dispatcher import Dispatcher

# What somebody may have written where only the inside reads it.
SECRET_NAMES = (
    "AKIAIOSFODNN7EXAMPLE", "ghp_0123456789abcdefghijklmnopqrstuvwxyz", "sk_live_51Hq0123456789",
    "postgres://admin:hunter2@10.0.0.5/prod", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "db-prod-7.corp",
)  # fmt: skip


@pytest.fixture
def mailbox():
    with MailReceiver() as mailbox:
        yield mailbox


@pytest.fixture
def inside(app, alice, configure, connection, rows, mailbox):
    """Twenty of a hundred services on a page; and every text of the rest of the organization."""
    configure(plan_limits=False, smtp_url=f"{mailbox.url}?verify=off")
    chance = random.Random(7)
    services = []
    for number in range(100):
        services.append(
            make_service(
                alice,
                name=f"Inner name {number} {SECRET_NAMES[number % len(SECRET_NAMES)]}",
                endpoint=f"https://host-{number}.internal.example/secret-path",
                description=f"Inner description {number}",
                tags=[f"tag-{number}"],
                environment=f"inner-environment-{number}",
            )
        )
    shown = chance.sample(services, 20)
    public = {one["id"]: {"name": f"Public {place}"} for place, one in enumerate(shown)}
    section = {"name": "All", "service_ids": [one["id"] for one in shown]}
    page = make_page(alice, sections=[section], services=public, auto_incidents=False)
    for one in services[:10]:
        make_alert(connection, one, message="inner error: connection refused by 10.9.8.7")
    rows(
        "UPDATE schedule_entries SET last_error = 'inner error of a check', last_status_code = 503"
    )
    ids = [one["id"] for one in services]
    make_subscriber(alice, page, "inner-subscriber@example.com")
    make_incident(alice, page, service_ids=ids, service_states={ids[0]: "down"})
    make_incident(alice, page, title="Inner draft", is_draft=True)
    make_window(alice, name="Inner window")
    make_window(alice, name="Public window", status_page_ids=[page["id"]], service_ids=ids[:30])
    take_snapshots(app)
    secrets = [
        *ids, page["id"], str(alice.organization_id), str(alice.user_id), alice.email,
        "internal.example", "secret-path", "Inner ", "inner-", "inner error", "tag-", "10.9.8.7",
        "Alice", *SECRET_NAMES, "hunter2",
    ]  # fmt: skip
    return page, secrets


OPTIONS = {
    "plain": {"show": {"response_times": True}},
    "everything": {
        "show": {"response_times": True, "error_category": True, "regions": True},
        "layout": "columns", "theme": "dark", "language": "ja", "timezone": "Asia/Tokyo",
        "show_uptime_days": 7, "is_indexed": False, "custom_css": ".section {color: red}",
        "links": {"support": "https://help.example.com"},
        "branding": {"company_name": "Acme", "primary_color": "#ffe600"},
        "announcement": {"text": "We move."}, "description": "Of the shop.",
    },
    "sections": {"sections": []},  # each service in two of them
}  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS)
def test_no_public_byte_tells_of_the_inside(
    app, alice, client, inside, rows, mailbox, tmp_path, options
):
    page, secrets = inside
    changes = OPTIONS[options]
    if "sections" in changes:
        ids = page["sections"][0]["service_ids"]
        changes = {"sections": [
            {"name": "One", "service_ids": ids, "display": "rolled", "rule": "any"},
            {"name": "Two", "service_ids": ids[::-1], "collapsed": True}]}  # fmt: skip
    rows("UPDATE services SET status = 'RED', status_changed_at = now()")
    rows("UPDATE schedule_entries SET status = 'RED'")
    assert alice.patch(f"/status-pages/{page['id']}", changes).status_code == 200
    take_snapshots(app)
    path = f"/status/{page['slug']}"
    seen = [client.get(path)]
    whole = client.get(f"{path}.json")
    links = set(re.findall(r'(?:href|src)="?(/status/[^"\s>]+)', seen[0].text))
    key = next(iter(whole.json["services"]))
    links |= {f"{path}/services/{one}" for one in whole.json["services"]}
    links |= {f"{path}/{rest}" for rest in (*statuspage.FILES,
              "api/v2/summary.json", "logo", "custom.css", "feed.rss", "embed", "embed.js",
              "sitemap.xml", "robots.txt", "subscribe", f"feed.atom?service={key}")}  # fmt: skip
    links.add(f"{path}?service={key}")
    links |= {f"/api/v1/badges/{one}/{what}.svg" for one in (key, page["badge_key"])
              for what in ("status", "uptime", "response")}  # fmt: skip
    entries = [*whole.json["incidents"], *whole.json["maintenance"]]
    links |= {urlsplit(one["url"]).path for one in entries}
    links |= {f"{urlsplit(one['url']).path}.ics" for one in whole.json["maintenance"]}
    links |= {f"{path}/services/{key}?range={span}" for span in ("7d", "90d", "1y")}
    links |= {f"{path}/{rest}" for rest in ("services/sv_nobody", "incidents/in_nobody", "x",
              "history?month=2026-01", "feed.atom?service=sv_nobody", "page.mjs",
              "style.css")}  # fmt: skip
    links |= {f"/api/v1/badges/{key}/uptime.svg?style=plain", "/status/nobody", "/status/open",
              f"/api/v1/badges/{key}/nothing.svg", "/status/assets/style.css"}  # fmt: skip
    seen += [whole, *(client.get(link) for link in sorted(links))]
    seen += [client.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": "*"})]
    for data in ({"email": "new@example.com"}, {"email": "x"}, {"service_ids": "sv_nobody"}):
        seen.append(client.post(f"{path}/subscribe", data=data))
        seen.append(client.post(f"{path}/subscribe", json=data))
    for method in ("put", "patch", "delete", "post", "options"):
        seen.append(getattr(client, method)(path))
    seen.append(client.post("/status/open", data={"page": page["slug"], "password": "wrong one"}))
    assert len(seen) > 70
    for answer in seen:
        assert answer.status_code in (200, 202, 301, 304, 403, 404, 405, 422), answer.request.path
        text = f"{answer.headers}{answer.text}"
        found = [secret for secret in secrets if secret in text]
        assert not found, f"{answer.request.path}: {found}"
    store = PageStore(tmp_path / "none")
    with app.app_context():
        store.look()
    assert Copy(tmp_path / "out").update(store)[0] == 1
    for file in (tmp_path / "out").rglob("*"):
        if file.is_file():
            assert not [secret for secret in secrets if secret in file.read_text()], file
    messages = rows("SELECT message::text FROM notifications WHERE kind LIKE 'subscriber.%%'")
    assert messages
    for (message,) in messages:
        assert not [secret for secret in secrets if secret in message]
    Dispatcher(app).run(5)
    to_subscribers = [mail for mail in mailbox.mails if mail.recipients != [alice.email]]
    assert {mail.recipients[0] for mail in to_subscribers} == {
        "inner-subscriber@example.com", "new@example.com",
    }  # fmt: skip
    for mail in to_subscribers:
        text = mail.part("plain") + mail.part("html") + str(mail.message.items())
        found = [one for one in secrets if one in text.replace("inner-subscriber@example.com", "")]
        assert not found, found


FORGED = [
    "status.acme.example:80", "STATUS.ACME.EXAMPLE", "status.acme.example.",
    "evil@status.acme.example", "status.acme.example:x", "status.acme.example@localhost",
    "status.acme.example, localhost", "status.acme.example\tlocalhost", "[status.acme.example]",
    "status.acme.example/..", "other.example", "localhost:80",
    "127.0.0.1", "", "status.acme.example:80:80", "waiting.acme.example", "a" * 300,
    "status.acme.example%00", "status.acme.example#", "status.acme.example?x",
    "status.acme.example ",
    "status.acme.example:-1", "xstatus.acme.example", "status.acme.example.evil.example",
    "status.acme.example..", ".status.acme.example", "status_acme.example", "*.acme.example",
    "status.acme.example:80@localhost", "ｓtatus.acme.example", "0", "::1",
]  # fmt: skip


OWN = FORGED[:3]  # the same name, written otherwise


@pytest.mark.parametrize("host", FORGED)
def test_a_host_serves_its_page_and_nothing_else(app, alice, charlie, client, rows, host):
    page, _ = make_shown(alice, "Checkout", name="Page of Acme", slug="acme")
    other, _ = make_shown(charlie, "Vault", name="Page of others", slug="others")
    for slug, name in (("acme", "status.acme.example"), ("others", "waiting.acme.example")):
        rows("UPDATE status_pages SET custom_domain = %s WHERE slug = %s", name, slug)
    rows("UPDATE status_pages SET domain_verified_at = now() WHERE slug = 'acme'")
    take_snapshots(app)
    client.get("/status/acme")  # somebody has looked
    headers = {"Host": host, "X-Forwarded-Host": "status.acme.example"}
    for path in ("/", "/history", "/services", "/api/v1/services", "/status/others"):
        answer = client.get(path, headers=headers)
        if host in OWN:
            expected = 200 if path in ("/", "/history") else 404
            assert answer.status_code == expected, path
            assert "Page of others" not in answer.text
            assert "Page of Acme" in answer.text or expected == 404
        else:  # also waiting.acme.example: a claim alone changes nothing
            plain = client.get(path, headers={"Host": "unknown.example"})
            assert (answer.status_code, answer.text) == (plain.status_code, plain.text) or (
                answer.status_code == 400
            )
            assert "Page of Acme" not in answer.text
    for domain, expected in (("status.acme.example", 200), ("waiting.acme.example", 404)):
        assert client.get(f"/api/v1/domains/ask?domain={domain}").status_code == expected
    assert page["id"] != other["id"]


def test_a_badge_tells_the_state_of_a_page(app, alice, client, rows):
    page, _ = make_shown(alice, "Check <out>")
    rows("UPDATE services SET status = 'RED', status_changed_at = now()")
    take_snapshots(app)
    (key,) = client.get(f"/status/{page['slug']}.json").json["services"]
    for style in ("flat", "plain"):
        badge = client.get(f"/api/v1/badges/{key}/status.svg?style={style}")
        assert "Down" in badge.text
        assert "Check &lt;out&gt;" in badge.text
    assert "is down" in client.get(f"/api/v1/badges/{page['badge_key']}/status.svg").text
    alice.patch(f"/status-pages/{page['id']}", {"password": "open sesame"})
    take_snapshots(app)
    assert client.get(f"/api/v1/badges/{key}/status.svg").status_code == 404


def test_a_badge_tells_the_uptime_of_so_many_days(app, alice, client, rows):
    page, (service,) = make_shown(alice, "Checkout", show_uptime_days=30)
    (key,) = client.get(f"/status/{page['slug']}.json").json["services"]
    document = orjson.loads(rows("SELECT document FROM page_snapshots")[0][0])
    document["services"][key]["uptimes"] = {"1": 100.0, "7": 99.999, "30": 98.5}
    document["services"][key]["uptime"] = 98.5
    rows(
        "UPDATE page_snapshots SET document = %s, version = version + 1, made_at = now()",
        orjson.dumps(document),
    )
    path = f"/api/v1/badges/{key}/uptime.svg"
    for query, figure in (("", "98.50%"), ("?days=1", "100%"), ("?days=7", "99.99%"),
                          ("?days=30", "98.50%"), ("?days=90", "unknown")):  # fmt: skip
        assert f"Checkout: {figure}" in client.get(f"{path}{query}").text, query
    for wrong in ("0", "2", "91", "x", "-1", "30.0"):
        assert client.get(f"{path}?days={wrong}").status_code == 422
    own = urlsplit(alice.get(f"/services/{service['id']}").json["badge_url"]).path
    own = own.replace("status.svg", "uptime.svg")
    assert "Checkout: unknown" in client.get(f"{own}?days=7").text


def test_a_preview_shows_what_is_not_stored(alice, client, rows):
    page, (service,) = make_shown(alice, "Checkout")
    make_service(alice, name="New one", tags=["public"])
    body = {"sections": [{"name": "Both", "service_ids": [service["id"]], "tags": ["public"]}],
            "branding": {"primary_color": "#ffe600"}}  # fmt: skip
    answer = alice.post(f"/status-pages/preview?page_id={page['id']}", body)
    assert answer.status_code == 200, answer.text
    assert [(one["name"], one["is_new"]) for one in answer.json["services"]] == [
        ("Checkout", False), ("New one", True),
    ]  # fmt: skip
    assert "New one" in answer.json["html"]
    assert client.get("/status/assets/style-ffe600.css").status_code == 200
    assert rows("SELECT count(*) FROM status_pages") == [(1,)]
    assert alice.post("/status-pages/preview", {"name": "Fresh"}).status_code == 200
