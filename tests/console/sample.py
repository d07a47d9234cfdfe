"""Organization of a shop as it is after some weeks: what the console's tests and pictures show.

Everything is made through the API of a running product, but for the check results of the last day,
which are written into its database.
"""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from threading import Thread
from typing import Any
from uuid import UUID

from app.domain.metrics.coverage import cover_seconds
from tests.flows.product import PASSWORD, BusyServer, Product
from tests.histories import History, Result
from tests.waiting import seconds_until

# Not the global one: its state is what Hypothesis watches in the tests beside this thread.
_DICE = random.Random()
OWNER = ("ada@example.com", "Ada Okafor")
VIEWER = ("vera@example.com", "Vera Lind")
# Name, path, tags, usual milliseconds.
SERVICES = (
    ("Shop", "/shop", ["web", "eu"], 84),
    ("Checkout", "/checkout", ["payments", "eu"], 120),
    ("Search", "/search", ["web", "eu"], 210),
    ("Accounts", "/accounts", ["web"], 61),
    ("Image store", "/images", ["web", "us"], 33),
    ("Orders API", "/orders", ["payments"], 96),
    ("Stock API", "/stock", ["warehouse"], 142),
    ("Mail relay", "/relay", ["mail"], 48),
    ("Partner feed", "/partners", ["warehouse", "us"], 380),
    ("Help centre", "/help", ["web"], 74),
)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        usual = {path: milliseconds for _, path, _, milliseconds in SERVICES}.get(self.path, 5)
        time.sleep(usual / 4000 * _DICE.uniform(0.8, 1.3))
        failing = self.path in self.server.failing  # type: ignore[attr-defined]
        body = b'{"error": "no connection to payments-db"}' if failing else b'{"status": "ok"}'
        self.send_response(503 if failing else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *arguments: object) -> None:
        pass


class Shop(BusyServer):
    """Web server of the shop; the paths in `failing` answer 503. POST is a chat's webhook."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.failing: set[str] = set()

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def shop() -> Iterator[Shop]:
    """Run the shop for a while."""
    with Shop() as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@dataclass
class Sample:
    """What was made: identifiers by name, by kind."""

    product: Product
    ids: dict[str, dict[str, str]] = field(default_factory=dict)

    def make(self, kind: str, body: dict[str, Any]) -> str:
        """Create something by POST /<kind>; return its id."""
        found: str = self.product.call("POST", f"/{kind}", body)["id"]
        self.ids.setdefault(kind, {})[body.get("name") or body.get("title", "")] = found
        return found


def fill(product: Product, running: Shop) -> Sample:
    """Make the organization: Ada owns it, Vera may read it. One service is down, one alert open."""
    sample = Sample(product)
    _people(product)
    me = product.call("GET", "/profile")["id"]
    other = next(each for each in product.call("GET", "/members") if each["email"] == VIEWER[0])
    chat = {"url": f"{running.url}/chat"}
    channel = sample.make(
        "notification-channels", {"name": "Ops chat", "type": "webhook", "config": chat}
    )
    refused = {"url": f"{running.url}/checkout"}  # answers 503 as soon as the outage begins
    sample.make("notification-channels", {"name": "Pager", "type": "webhook", "config": refused})
    layer = {
        "name": "Primary",
        "rotation_type": "weekly",
        "users": [me, other["user_id"]],
        "starts_at": (_now() - timedelta(days=20)).isoformat(),
    }
    schedule = sample.make("on-call-schedules", {"name": "Shop duty", "layers": [layer]})
    levels = [("schedule", schedule, 5), ("channel", channel, 15)]
    rules = [
        {"level": at, "delay_minutes": delay, "notify_type": kind, "notify_id": target}
        for at, (kind, target, delay) in enumerate(levels, 1)
    ]
    sample.make(
        "escalation-policies", {"name": "Duty, then chat", "rules": rules, "is_default": True}
    )
    slow = {"metric": "response_time_ms", "operator": ">", "value": 900, "for_checks": 3}
    sample.make(
        "alert-rules",
        {"name": "Slow pages", "severity": "warning", "condition": slow, "tags": ["web"]},
    )
    _services(sample, running)
    _planned(sample)
    sample.make("teams", {"name": "Shop team"})
    running.failing = {"/checkout"}
    seconds_until(lambda: product.call("GET", "/alerts?status=firing"), 30)
    sample.ids["alerts"] = {"Checkout": product.call("GET", "/alerts?status=firing")[0]["id"]}
    _page(sample)
    return sample


def _people(product: Product) -> None:
    for email, name in (OWNER, VIEWER):
        person = {"email": email, "password": PASSWORD, "full_name": name}
        if email == OWNER[0]:
            product.call("POST", "/auth/register", person)
            found = product.call("POST", "/auth/login", {"email": email, "password": PASSWORD})
            product.token = found["token"]
            product.session.headers["Authorization"] = f"Bearer {product.token}"
        else:
            product.call("PATCH", "/organization", {"name": "Field & Loom"})
            asked = product.call("POST", "/members", {"email": email, "role": "viewer"})
            product.call("POST", "/auth/register", person | {"invitation_token": asked["token"]})


def _services(sample: Sample, running: Shop) -> None:
    for name, path, tags, _ in SERVICES:
        body = {
            "name": name,
            "endpoint": running.url + path,
            "check_type": "HTTP",
            # As in its history. The one that goes down is seen to do so.
            "check_interval_seconds": 5 if name == "Checkout" else 60,
            "timeout_seconds": 2,
            "tags": tags,
            "environment": "production",
            "failure_threshold": 2,
        }
        sample.make("services", body)
    organization = UUID(sample.product.call("GET", "/organization")["id"])
    dice = random.Random(7)
    with sample.product.database() as connection:
        for name, _, _, usual in SERVICES:
            history = _last_day(dice, UUID(sample.ids["services"][name]), usual)
            history.store(connection, history.results)
            history.store_rest(connection, organization)


def _last_day(dice: random.Random, service_id: UUID, usual: int) -> History:
    history = History(service_id)
    end = _now() - timedelta(minutes=1)
    outage = dice.uniform(2, 20)
    fails = dice.random() < 0.4
    for minute in range(60 * 23, 0, -1):
        at = end - timedelta(minutes=minute)
        hours = minute / 60
        failed = fails and outage < hours < outage + 0.15
        busy = 1 + 0.35 * max(0.0, 1 - abs(at.hour - 14) / 8)
        taken = None if failed else round(usual * busy * dice.lognormvariate(0, 0.16), 1)
        status = "RED" if failed else "GREEN"
        cover = cover_seconds(60, 2)
        history.results.append(
            Result(at, at, "default", status, status, taken, in_maintenance=False, cover=cover)
        )
    return history


def _planned(sample: Sample) -> None:
    nightly = {
        "name": "Nightly backup",
        "schedule": "0 2 * * *",
        "timezone": "Europe/Berlin",
        "grace_period_seconds": 1800,
        "tags": ["backup"],
    }
    sample.make("heartbeats", nightly)
    found = sample.product.call("GET", f"/heartbeats/{sample.ids['heartbeats']['Nightly backup']}")
    for ending in ("/start", ""):
        address = found["ping_url"].partition("/api/v1/")[2]
        assert sample.product.session.get(f"{sample.product.api}/{address}{ending}", timeout=60).ok
    sample.make("heartbeats", {"name": "Stock import", "schedule": "every 15m"})
    window = {
        "name": "Database upgrade",
        "starts_at": (_now() + timedelta(days=1)).isoformat(),
        "ends_at": (_now() + timedelta(days=1, hours=2)).isoformat(),
        "tags": ["payments"],
    }
    sample.make("maintenance-windows", window)


def _page(sample: Sample) -> None:
    services = sample.ids["services"]
    page = {
        "name": "Field & Loom status",
        "slug": "field-loom",
        "custom_domain": "status.field-loom.example",
        "sections": [{"name": "Shop", "service_ids": [services["Shop"], services["Checkout"]]}],
    }
    page_id = sample.make("status-pages", page)
    incident = {
        "title": "Payments fail",
        "severity": "major",
        "service_ids": [services["Checkout"]],
        "body": "We look into it.",
    }
    sample.make(f"status-pages/{page_id}/incidents", incident)
    readers = {"emails": ["jo@example.com", "al@example.com"], "has_consent": True}
    sample.product.call("POST", f"/status-pages/{page_id}/subscribers", readers)


def _now() -> datetime:
    return datetime.now(UTC)
