"""Subscribers of a status page while processes are killed in the middle of sending to them.

First an incident is told to a thousand of them, and the page follows a service that fails. Then
incidents are published while processes die: each subscriber gets each incident, once, or twice
under one Message-ID where a process died between the mail server's answer and its record.
"""

import random
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import requests

from tests.flows.product import Product, Target, target
from tests.receivers import MailReceiver
from tests.waiting import seconds_until

SUBSCRIBERS, KILLED_WITH, KILLS = 1_000, 150, 20
PUBLISH_SECONDS, COLOUR_SECONDS, TOLD_SECONDS = 2.0, 3.0, 60.0
_VICTIMS = (
    "notifications",
    "background",
    "scheduler",
    "web",
    "notifications",
    "valkey",
    "postgres",
)


def run() -> str:
    """Tell subscribers, kill, and count; return what was seen. Raises AssertionError."""
    seed = int(time.time())
    with (
        MailReceiver() as mail,
        tempfile.TemporaryDirectory(prefix="alertifypro-soak-") as folder,
        target() as watched,
        Product(
            Path(folder).resolve(), SMTP_URL=f"{mail.url}?starttls=off", WEB_PROCESSES="2"
        ) as product,
    ):
        product.ready()
        product.register()
        service = product.service(watched.url)
        large = _page(product, service, "large", SUBSCRIBERS)
        small = _page(product, service, "small", KILLED_WITH)
        seen = [
            _follow_a_colour(product, watched, service),
            _notify_everybody(product, mail, large),
            _kill(product, mail, small, random.Random(seed)),
        ]
    return "\n".join([f"seed {seed}", *seen])


def _page(product: Product, service: dict[str, Any], slug: str, subscribers: int) -> dict[str, Any]:
    section = {"name": "All", "service_ids": [service["id"]]}
    body = {"name": slug, "slug": slug, "sections": [section], "auto_incidents": False}
    page: dict[str, Any] = product.call("POST", "/status-pages", body)
    emails = [f"{slug}-{number}@example.com" for number in range(subscribers)]
    consent = {"emails": emails, "has_consent": True, "reason": "They asked for it."}
    product.call("POST", f"/status-pages/{page['id']}/subscribers", consent)
    return page


def _text(product: Product, path: str) -> str:
    try:
        return requests.get(f"http://127.0.0.1:{product.port}/status/{path}", timeout=5).text
    except requests.RequestException:
        return ""


def _follow_a_colour(product: Product, watched: Target, service: dict[str, Any]) -> str:
    took = []
    for status, colour, sentence in (
        (200, "GREEN", "All systems work"),
        (503, "RED", "Shop is down"),
        (200, "GREEN", "All systems work"),
    ):
        watched.status = status
        seconds_until(lambda: product.status(service["id"]) == colour, 30)  # noqa: B023
        took.append(seconds_until(lambda: sentence in _text(product, "large"), 30))  # noqa: B023
    assert max(took[1:]) <= COLOUR_SECONDS, f"a colour took {took} s to the page"
    return f"colour to page in {max(took[1:]):.2f} s"


def _publish(product: Product, page: dict[str, Any], title: str) -> None:
    body = {"title": title, "body": "We look at it."}
    path = f"/status-pages/{page['id']}/incidents"
    for _ in range(60):
        try:
            if any(one["title"] == title for one in product.call("GET", path)):
                return
            product.call("POST", path, body)
            return
        except (AssertionError, requests.RequestException):
            time.sleep(0.5)  # a process that it needs was killed
    raise AssertionError(f"{title} cannot be published")


def _notify_everybody(product: Product, mail: MailReceiver, page: dict[str, Any]) -> str:
    began = time.monotonic()
    _publish(product, page, "Everybody hears of it")
    parts = {"HTML": "", "feed": "/feed.atom", "JSON": "/summary.json"}
    took = {
        name: seconds_until(
            lambda: "Everybody hears of it" in _text(product, f"large{rest}"),  # noqa: B023
            30,
        )
        for name, rest in parts.items()
    }
    seconds_until(lambda: len(_received(mail, "large-")) >= SUBSCRIBERS, TOLD_SECONDS)
    told = time.monotonic() - began
    assert took["HTML"] <= PUBLISH_SECONDS, f"an incident took {took} s to the page"
    recipients = Counter(_received(mail, "large-"))
    assert set(recipients.values()) == {1}, recipients.most_common(3)
    return (
        f"incident to HTML in {took['HTML']:.2f} s, to {len(recipients)} mailboxes in {told:.1f} s"
    )


def _received(mail: MailReceiver, prefix: str) -> list[str]:
    recipients = (one.recipients[0] for one in list(mail.mails))
    return [each for each in recipients if each.startswith(prefix)]


def _kill(product: Product, mail: MailReceiver, page: dict[str, Any], chance: random.Random) -> str:
    victims = [_VICTIMS[number % len(_VICTIMS)] for number in range(KILLS)]
    chance.shuffle(victims)
    titles = []
    for number, victim in enumerate(victims):
        titles.append(f"Incident {number} ({victim} is killed)")
        before = len(_received(mail, "small-"))
        _publish(product, page, titles[-1])
        seconds_until(lambda: len(_received(mail, "small-")) > before, 120)  # noqa: B023
        time.sleep(chance.uniform(0, 2))
        product.kill(victim)
        time.sleep(4)
    wanted = {
        (f"small-{number}@example.com", f"[small] {title}")
        for number in range(KILLED_WITH)
        for title in titles
    }

    def got() -> dict[tuple[str, str], list[str]]:
        found = defaultdict(list)
        for one in mail.mails:
            key = (one.recipients[0], str(one.message["Subject"]))
            found[key].append(str(one.message["Message-ID"]))
        return found

    try:
        seconds_until(lambda: wanted <= got().keys(), 240)
    except AssertionError:
        missing = sorted(wanted - got().keys())
        raise AssertionError(f"{len(missing)} were not told: {missing[:5]}") from None
    time.sleep(20)  # what is sent twice comes now
    found = {key: ids for key, ids in got().items() if key in wanted}
    often = {key: ids for key, ids in found.items() if len(ids) > 2}
    differing = {key: ids for key, ids in found.items() if len(set(ids)) > 1}
    assert not often, f"told more than twice: {sorted(often.items())[:3]}"
    assert not differing, f"under two ids: {sorted(differing.items())[:3]}"
    twice = sum(len(ids) == 2 for ids in found.values())
    return f"{KILLS} kills, {len(found)} messages: each told, {twice} of them twice under one id"
