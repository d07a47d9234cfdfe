"""Random outages while processes are killed, Redis is emptied and PostgreSQL restarted.

Afterwards the invariants of reliability are read off the database and the receiver: every outage
was told, nothing was told without one, firing before resolved, duplicates at most one a kill and
always under the same id, no open alert on a healthy service, the second line told in its minute of
what nobody had acknowledged and of nothing else.
"""

import random
import threading
import time
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import quote, unquote

from redis import Redis, RedisError

from tests.flows.product import BusyServer, Product
from tests.receivers import HttpReceiver
from tests.soak import escalations
from tests.soak.invariants import check_invariants
from tests.soak.story import Outage, Story
from tests.waiting import seconds_until

SERVICES = 12
VICTIMS = (
    *("probes-1", "probes-1/recorder", "notifications", "background", "metrics", "scheduler"),
    *("web", "valkey", "postgres"),
)


class Farm:
    """Many targets behind one port: `/<name>` fails while its name is in `down`."""

    def __init__(self) -> None:
        self.down: set[str] = set()
        farm = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(500 if unquote(self.path[1:]) in farm.down else 200)
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
    """Let random things happen for a while, then wait for calm and check the invariants."""
    chance, story, farm = random.Random(seed), Story(), Farm()
    with HttpReceiver() as receiver, HttpReceiver() as second:
        product.register(f"soak-{seed}@example.com")
        config = {"url": f"{receiver.url}/hook"}
        hook = product.call(
            "POST", "/notification-channels", {"name": "hook", "type": "webhook", "config": config}
        )
        policy = escalations.prepare(product, hook, second)
        names = [f"s{number}" for number in range(SERVICES)]
        ids = {_service(product, farm, name): name for name in names}
        lasting = {
            name: _service(product, farm, name, escalation_policy_id=policy)
            for name in (escalations.IGNORED, escalations.ACKNOWLEDGED)
        }
        seconds_until(lambda: _colours(product) == {"GREEN"}, 20)
        set_down = partial(_set_down, farm, story)
        long_outages = escalations.LongOutages(product, lasting, set_down, seconds)
        long_outages.start()
        _disturb(product, farm, names, chance, seconds, kill_every, story)
        long_outages.join()
        wait_for_calm(product, 60)
        names_of = ids | {id: name for name, id in lasting.items()}
        check_invariants(product, story, list(receiver.requests), names_of)
        kills = [at for at, _ in story.kills]
        story.escalated, faults = escalations.check_invariants(
            product, lasting, second.requests, kills
        )
        story.faults.extend(faults)
    farm.close()
    return story


def _service(product: Product, farm: Farm, name: str, **fields: Any) -> str:
    endpoint = farm.url(quote(name))
    return str(product.service(endpoint, name=name, slow_threshold_ms=60000, **fields)["id"])


def _set_down(farm: Farm, story: Story, name: str, down: bool) -> None:
    if down:
        farm.down.add(name)
        story.outages.append(Outage(name, time.time(), float("inf")))
        return
    farm.down.discard(name)
    (outage,) = (one for one in story.outages if one.service == name and one.ended_at > time.time())
    outage.ended_at = time.time()


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
            next_outage = now + chance.uniform(7.5, 10.5)  # below what would count as a storm
        for name, outage in list(open_outages.items()):
            if now >= outage.ended_at:
                farm.down.discard(name)
                outage.ended_at = now
                del open_outages[name]
        if now >= next_kill:
            victim = chance.choice((*VICTIMS, "FLUSHALL"))
            _kill(product, victim)
            story.kills.append((now, victim))
            next_kill = now + chance.uniform(0.5, 1.5) * kill_every
        time.sleep(0.05)
    for name, outage in open_outages.items():
        farm.down.discard(name)
        outage.ended_at = time.time()


def _kill(product: Product, victim: str) -> None:
    if victim == "FLUSHALL":
        with suppress(RedisError), Redis.from_url(product.address_of("REDIS_URL")) as redis:
            redis.flushall()
        return
    with suppress(ProcessLookupError, FileNotFoundError, ValueError):  # just starting again
        product.kill(victim)


def _colours(product: Product) -> set[str]:
    return {service["status"] for service in product.call("GET", "/services")}


def wait_for_calm(product: Product, seconds: float) -> None:
    """Wait until all is fine and nothing is to be sent; fails with what is not so."""
    unrest: list[object] = []

    def is_calm() -> bool:
        unrest[:] = [_unrest(product)]
        return not unrest[0]

    try:
        seconds_until(is_calm, seconds)
    except AssertionError as late:
        raise AssertionError(f"{late}, not calm: {unrest}") from None


def _unrest(product: Product) -> object:
    """Return services that are not fine, alerts that are open, messages that wait."""
    try:
        services = [one for one in product.call("GET", "/services") if one["status"] != "GREEN"]
        alerts = product.call("GET", "/alerts")
        with product.database() as connection:
            waiting = connection.execute(
                "SELECT row_to_json(n) FROM notifications n WHERE status = 'pending'"
            ).fetchall()
    except Exception as error:
        return error  # something is just starting again
    return services or alerts or waiting
