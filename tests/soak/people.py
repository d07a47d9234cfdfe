"""Outages while people act at random: what they do about alerts, and edit meanwhile.

Severities, snoozes, pauses, windows, resolves, members who go, contacts, channels, quiet hours,
rules, policies and dependencies.

Two invariants are read off the receivers and the database afterwards: every outage of six seconds
or more reached a human, or the timeline of its alert says why not; and nobody hears an end without
a beginning.
"""

import random
import time

from tests.flows.product import Product
from tests.receivers import HttpReceiver
from tests.soak.company import Company
from tests.soak.outages import _colours, _kill, _set_down, wait_for_calm
from tests.soak.people_invariants import check_invariants
from tests.soak.story import PeopleStory
from tests.soak.targets import Targets
from tests.waiting import seconds_until

_VICTIMS = ("probes-1", "probes-1/recorder", "notifications", "background", "scheduler")


def run(product: Product, seconds: float, seed: int, kill_every: float = 15.0) -> PeopleStory:
    """Run outages and people for a while, then wait for calm and check the invariants."""
    chance, story = random.Random(seed), PeopleStory()
    with HttpReceiver() as hook, Targets() as targets:
        company = Company(product, hook, chance, story)
        company.found(seed, targets)
        seconds_until(lambda: _colours(product) == {"GREEN"}, 20)
        _run_story(product, targets, company, chance, seconds, kill_every, story)
        company.settle()
        wait_for_calm(product, 150)
        check_invariants(product, story, list(hook.requests), company.services)
    return story


def _run_story(
    product: Product,
    targets: Targets,
    company: Company,
    chance: random.Random,
    seconds: float,
    kill_every: float,
    story: PeopleStory,
) -> None:
    ends: dict[str, float] = {}
    end = time.time() + seconds
    next_outage = next_deed = time.time()
    next_kill = time.time() + kill_every
    while time.time() < end:
        now = time.time()
        if now >= next_outage:
            name = chance.choice([name for name in company.services if name not in ends])
            _set_down(targets, story, name, True)
            ends[name] = now + chance.uniform(3, 40)
            next_outage = now + chance.uniform(7.5, 12)  # below what would count as a storm
        for name, until in list(ends.items()):
            if now >= until:
                _set_down(targets, story, name, False)
                del ends[name]
        company.resume_due(now)
        if now >= next_deed:
            company.act()
            next_deed = time.time() + chance.uniform(1, 4)
        if now >= next_kill:
            victim = chance.choice(_VICTIMS)
            _kill(product, victim)
            story.kills.append((now, victim))
            next_kill = now + chance.uniform(0.5, 1.5) * kill_every
        time.sleep(0.05)
    for name in list(ends):
        _set_down(targets, story, name, False)
