"""Random outages while processes are killed, Redis is emptied and PostgreSQL restarted.

Afterwards the invariants of reliability are read off the database and the receiver: every outage
was told, nothing was told without one, firing before resolved, duplicates at most one a kill and
always under the same id, no open alert on a healthy service.
"""

import random
import threading
import time
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from redis import Redis, RedisError

from tests.flows.product import BusyServer, Product, seconds_until
from tests.receivers import HttpReceiver, Received

SERVICES = 12
INTERVAL_SECONDS = 1
# What a kill may hide: the checks are back within the interval and five seconds.
SEEN_AFTER_SECONDS = INTERVAL_SECONDS + 5
VICTIMS = (
    *("probes-1", "probes-1/recorder", "notifications", "background", "scheduler"),
    *("web", "valkey", "postgres"),
)


@dataclass
class Outage:
    """A time in which a target failed."""

    service: str
    began_at: float
    ended_at: float = 0.0


@dataclass
class Story:
    """What was done to the product, and what it told."""

    outages: list[Outage] = field(default_factory=list)
    kills: list[tuple[float, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    messages: int = 0
    duplicates: int = 0

    def __str__(self) -> str:
        kills = Counter(name for _, name in self.kills)
        return (
            f"{len(self.outages)} outages, {len(self.kills)} kills {dict(kills)},"
            f" {self.messages} messages, {self.duplicates} duplicates, {len(self.faults)} faults"
        )


class Farm:
    """Many targets behind one port: `/<name>` fails while its name is in `down`."""

    def __init__(self) -> None:
        self.down: set[str] = set()
        farm = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(500 if self.path[1:] in farm.down else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = BusyServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, name: str) -> str:
        """Return a target's address."""
        return f"http://127.0.0.1:{self.server.server_address[1]}/{name}"

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()


def run(product: Product, seconds: float, seed: int, kill_every: float = 8.0) -> Story:
    """Let random things happen for a while, then wait for calm and judge."""
    chance, story, farm = random.Random(seed), Story(), Farm()
    with HttpReceiver() as receiver:
        product.register(f"soak-{seed}@example.com")
        config = {"url": f"{receiver.url}/hook"}
        product.call(
            "POST", "/notification-channels", {"name": "hook", "type": "webhook", "config": config}
        )
        names = [f"s{number}" for number in range(SERVICES)]
        ids = {
            product.service(farm.url(name), name=name, slow_threshold_ms=60000)["id"]: name
            for name in names
        }
        seconds_until(lambda: _colours(product) == {"GREEN"}, 20)
        _disturb(product, farm, names, chance, seconds, kill_every, story)
        seconds_until(lambda: _is_calm(product), 60)
        _judge(product, story, list(receiver.requests), ids)
    farm.close()
    return story


def _disturb(
    product: Product,
    farm: Farm,
    names: list[str],
    chance: random.Random,
    seconds: float,
    kill_every: float,
    story: Story,
) -> None:
    open_outages: dict[str, Outage] = {}
    end = time.time() + seconds
    next_outage, next_kill = time.time(), time.time() + kill_every / 2
    while time.time() < end:
        now = time.time()
        if now >= next_outage:
            name = chance.choice([name for name in names if name not in open_outages])
            farm.down.add(name)
            open_outages[name] = Outage(name, now, now + chance.uniform(1, 14))
            story.outages.append(open_outages[name])
            next_outage = now + chance.uniform(6, 9)  # below what would count as a storm
        for name, outage in list(open_outages.items()):
            if now >= outage.ended_at:
                farm.down.discard(name)
                outage.ended_at = now
                del open_outages[name]
        if now >= next_kill:
            victim = chance.choice((*VICTIMS, "FLUSHALL"))
            _strike(product, victim)
            story.kills.append((now, victim))
            next_kill = now + chance.uniform(0.5, 1.5) * kill_every
        time.sleep(0.05)
    for name, outage in open_outages.items():
        farm.down.discard(name)
        outage.ended_at = time.time()


def _strike(product: Product, victim: str) -> None:
    if victim == "FLUSHALL":
        with suppress(RedisError), Redis.from_url(product.address_of("REDIS_URL")) as redis:
            redis.flushall()
        return
    with suppress(ProcessLookupError, FileNotFoundError, ValueError):  # just starting again
        product.kill(victim)


def _colours(product: Product) -> set[str]:
    return {service["status"] for service in product.call("GET", "/services")}


def _is_calm(product: Product) -> bool:
    try:
        if _colours(product) != {"GREEN"} or product.call("GET", "/alerts"):
            return False
        with product.database() as connection:
            row = connection.execute(
                "SELECT count(*) FROM notifications WHERE status = 'pending'"
            ).fetchone()
    except Exception:
        return False  # something is just starting again
    return row is not None and row[0] == 0


def _judge(
    product: Product, story: Story, requests: list[Received], services: dict[str, str]
) -> None:
    story.messages = len(requests)
    first: dict[str, Received] = {}
    told: dict[str, dict[str, float]] = defaultdict(dict)  # alert -> event -> when
    for request in requests:
        body = request.json
        if body["id"] in first:
            story.duplicates += 1
            if request.headers["webhook-id"] != first[body["id"]].headers["webhook-id"]:
                story.faults.append("a duplicate came under another id")
            continue
        first[body["id"]] = request
        rows = body["data"].get("alerts") or [body["data"]["alert"]]
        for alert in rows:
            kind = "alert.resolved" if alert["status"] == "resolved" else "alert.fired"
            told[alert["id"]].setdefault(kind, request.at)
    if story.duplicates > len(story.kills):
        story.faults.append(f"{story.duplicates} duplicates in {len(story.kills)} kills")
    with product.database() as connection:
        alerts = connection.execute(
            "SELECT id::text, service_id::text, extract(epoch FROM fired_at)::float,"
            " extract(epoch FROM resolved_at)::float, reason FROM alerts"
            " WHERE service_id IS NOT NULL"
        ).fetchall()
        sent = {
            row[0]: row[1]
            for row in connection.execute(
                "SELECT alert_id::text, string_agg(kind || ' ' || status || ' ' || attempts"
                " || ' ' || coalesce(message ->> 'event', ''), ', ' ORDER BY created_at)"
                " FROM notifications WHERE alert_id IS NOT NULL GROUP BY 1"
            ).fetchall()
        }
    _judge_alerts(story, alerts, told, services, sent)
    _judge_results(product, story)


def _judge_alerts(
    story: Story,
    alerts: list[Any],
    told: dict[str, dict[str, float]],
    services: dict[str, str],
    sent: dict[str, str],
) -> None:
    for id, service_id, fired_at, resolved_at, reason in alerts:
        name = services[service_id]
        about = f"the alert of {name} at {fired_at:.1f} ({reason})"
        if resolved_at is None:
            story.faults.append(f"{about} is open on a healthy service")
        if "alert.resolved" not in told[id]:
            story.faults.append(f"the end of {about} was not told: {sent.get(id)}")
        if told[id].get("alert.fired", 0) > told[id].get("alert.resolved", float("inf")):
            story.faults.append(f"{about} was told after its end")
        if not any(
            outage.service == name
            and outage.began_at - 1 <= fired_at <= outage.ended_at + SEEN_AFTER_SECONDS
            for outage in story.outages
        ):
            story.faults.append(f"{about} fired without an outage")
    for outage in story.outages:
        if outage.ended_at - outage.began_at < SEEN_AFTER_SECONDS:
            continue  # short enough to fall between two checks while something was restarting
        since = _told_since(story, outage)
        if not any(
            services[service_id] == outage.service
            and since - 1 <= fired_at <= outage.ended_at + SEEN_AFTER_SECONDS
            and (resolved_at is None or resolved_at >= outage.began_at)
            for _, service_id, fired_at, resolved_at, _ in alerts
        ):
            struck = [
                f"{name} {at - outage.began_at:+.1f} s"
                for at, name in story.kills
                if outage.began_at - 15 <= at <= outage.ended_at + SEEN_AFTER_SECONDS
            ]
            story.faults.append(
                f"the outage of {outage.service} at {outage.began_at:.1f}, for"
                f" {outage.ended_at - outage.began_at:.1f} s, was missed; struck: {struck}"
            )


def _told_since(story: Story, outage: Outage) -> float:
    """Return when the alert that tells an outage may have begun.

    A target that was well for less time than a kill may hide was, to any monitor, never well: the
    alert of the outage before then goes on.
    """
    began_at = outage.began_at
    for earlier in sorted(story.outages, key=lambda one: one.began_at, reverse=True):
        if earlier.service != outage.service or earlier.began_at >= began_at:
            continue
        if earlier.ended_at + SEEN_AFTER_SECONDS < began_at:
            break
        began_at = earlier.began_at
    return began_at


def _judge_results(product: Product, story: Story) -> None:
    with product.database() as connection:
        doubled = connection.execute(
            "SELECT count(*) FROM (SELECT FROM check_results"
            " GROUP BY service_id, region, scheduled_for HAVING count(*) > 1) twice"
        ).fetchone()
        gap = connection.execute(
            "SELECT max(extract(epoch FROM at - before))::float FROM (SELECT checked_at AS at,"
            " lag(checked_at) OVER (PARTITION BY service_id ORDER BY checked_at) AS before"
            " FROM check_results) pairs"
        ).fetchone()
    if doubled and doubled[0]:
        story.faults.append(f"{doubled[0]} due times have two results")
    if gap and gap[0] and gap[0] > INTERVAL_SECONDS + 15:
        story.faults.append(f"no checks for {gap[0]:.1f} s")
