"""Random outages while processes are killed or paused, Redis is emptied, PostgreSQL restarted.

Afterwards the invariants of reliability are read off the database and the receiver: every outage
was told, nothing was told without one, firing before resolved, duplicates at most one a kill and
always under the same id, no open alert on a healthy service, the second line told in its minute of
what nobody had acknowledged and of nothing else.
"""

import os
import random
import signal
import time
from contextlib import suppress
from functools import partial
from typing import Any

from redis import Redis, RedisError

from tests.flows.product import Product, children_of
from tests.receivers import HttpReceiver
from tests.soak import escalations
from tests.soak.invariants import check_invariants
from tests.soak.story import Outage, Story
from tests.soak.targets import Targets
from tests.waiting import seconds_until

SERVICES = 12
VICTIMS = (
    *("probes-1", "probes-1/recorder", "notifications", "background", "metrics", "scheduler"),
    *("web", "valkey", "postgres"),
)
PAUSED = {"checks paused": ("probes-1",), "all paused": ("probes-1", "postgres", "valkey", "web")}
PAUSE_SECONDS = 2.0  # longer than the time limit of a check, shorter than its lease


def run(product: Product, seconds: float, seed: int, kill_every: float = 8.0) -> Story:
    """Let random things happen for a while, then wait for calm and check the invariants."""
    chance, story = random.Random(seed), Story()
    with HttpReceiver() as receiver, HttpReceiver() as second, Targets() as targets:
        product.register(f"soak-{seed}@example.com")
        config = {"url": f"{receiver.url}/hook"}
        hook = product.call(
            "POST", "/notification-channels", {"name": "hook", "type": "webhook", "config": config}
        )
        policy = escalations.prepare(product, hook, second)
        names = [f"s{number}" for number in range(SERVICES)]
        ids = {_service(product, targets, name): name for name in names}
        lasting = {
            name: _service(product, targets, name, escalation_policy_id=policy)
            for name in (escalations.IGNORED, escalations.ACKNOWLEDGED)
        }
        seconds_until(lambda: _colours(product) == {"GREEN"}, 20)
        set_down = partial(_set_down, targets, story)
        long_outages = escalations.LongOutages(product, lasting, set_down, seconds)
        long_outages.start()
        _disturb(product, targets, names, chance, seconds, kill_every, story)
        long_outages.join()
        wait_for_calm(product, 60)
        names_of = ids | {id: name for name, id in lasting.items()}
        check_invariants(product, story, list(receiver.requests), names_of)
        kills = [at for at, _ in story.kills]
        story.escalated, faults = escalations.check_invariants(
            product, lasting, second.requests, kills
        )
        story.faults.extend(faults)
    return story


def _service(product: Product, targets: Targets, name: str, **fields: Any) -> str:
    endpoint = targets.url(name)
    return str(product.service(endpoint, name=name, slow_threshold_ms=60000, **fields)["id"])


def _set_down(targets: Targets, story: Story, name: str, down: bool) -> None:
    if down:
        targets.set_down(name, True)
        story.outages.append(Outage(name, time.time(), float("inf")))
        return
    targets.set_down(name, False)
    (outage,) = (one for one in story.outages if one.service == name and one.ended_at > time.time())
    outage.ended_at = time.time()


def _disturb(
    product: Product,
    targets: Targets,
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
            targets.set_down(name, True)
            open_outages[name] = Outage(name, now, now + chance.uniform(1, 14))
            story.outages.append(open_outages[name])
            next_outage = now + chance.uniform(7.5, 10.5)  # below what would count as a storm
        for name, outage in list(open_outages.items()):
            if now >= outage.ended_at:
                targets.set_down(name, False)
                outage.ended_at = now
                del open_outages[name]
        if now >= next_kill:
            victim = chance.choice((*VICTIMS, *PAUSED, "FLUSHALL"))
            _kill(product, victim)
            story.kills.append((now, victim))
            next_kill = now + chance.uniform(0.5, 1.5) * kill_every
        time.sleep(0.05)
    for name, outage in open_outages.items():
        targets.set_down(name, False)
        outage.ended_at = time.time()


def _kill(product: Product, victim: str) -> None:
    if victim == "FLUSHALL":
        with suppress(RedisError), Redis.from_url(product.address_of("REDIS_URL")) as redis:
            redis.flushall()
        return
    with suppress(ProcessLookupError, FileNotFoundError, ValueError):  # just starting again
        if victim in PAUSED:
            _pause([product.child(name) for name in PAUSED[victim]])
        else:
            product.kill(victim)


def _pause(parents: list[int]) -> None:
    """Let processes stand still for a while, as those of a virtual machine that is paused do."""
    pids = [*parents, *(child for pid in parents for child in children_of(pid))]
    _signal(pids, signal.SIGSTOP)
    try:
        time.sleep(PAUSE_SECONDS)
    finally:
        _signal(pids, signal.SIGCONT)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


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
