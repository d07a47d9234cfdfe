"""Outages while people act at random: severities, snoozes, pauses, resolves, members who go.

Two invariants are read off the receivers and the database afterwards: every outage of six seconds
or more reached a human, or the timeline of its alert says why not; and nobody hears an end without
a beginning.
"""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import quote

import requests

from tests.flows.product import PASSWORD, Product
from tests.receivers import HttpReceiver
from tests.soak.outages import Farm, _colours, _kill, _set_down, wait_for_calm
from tests.soak.people_invariants import check_invariants
from tests.soak.story import PeopleStory
from tests.waiting import seconds_until

SERVICES = 8
TEAM = ("ann", "ben", "cleo")
_VICTIMS = ("probes-1", "probes-1/recorder", "notifications", "background", "scheduler")


class Company:
    """An organization whose people act at random; a call that fails is tried no more."""

    def __init__(
        self, product: Product, hook: HttpReceiver, chance: random.Random, story: PeopleStory
    ) -> None:
        self.product, self.hook, self.chance, self.story = product, hook, chance, story
        self.services: dict[str, str] = {}  # name -> id
        self.paused: dict[str, float] = {}  # name -> until when
        self.members: dict[str, requests.Session] = {}
        self.user_ids: dict[str, str] = {}

    def found(self, seed: int, farm: Farm) -> None:
        """Make the organization: its channels, its people on call, its services."""
        self.product.register(f"people-{seed}@example.com")
        self.owner_id = self.product.call("GET", "/members")[0]["user_id"]
        self.rule_id = self.product.call("GET", "/alert-rules")[0]["id"]
        for name, least in (("all", "info"), ("pager", "critical")):
            config = {"url": f"{self.hook.url}/{name}"}
            body = {"name": name, "type": "webhook", "config": config, "min_severity": least}
            found = self.product.call("POST", "/notification-channels", body)
            if name == "all":
                self.channel_id = found["id"]
        for name in TEAM:
            self._sign_up(name, seed)
            self.join(name)
        layer = {"name": "Primary", "users": list(self.user_ids.values()), "rotation_type": "daily"}
        schedule = {"name": "On call", "layers": [layer]}
        on_call = self.product.call("POST", "/on-call-schedules", schedule)
        lines = [("schedule", on_call["id"], 0), ("user", self.user_ids[TEAM[0]], 1)]
        rules = [
            {"level": level, "delay_minutes": delay, "notify_type": kind, "notify_id": id}
            for level, (kind, id, delay) in enumerate(lines, 1)
        ]
        body = {"name": "Everybody", "rules": rules, "is_default": True}
        self.product.call("POST", "/escalation-policies", body)
        for number in range(SERVICES):
            name = f"p{number}"
            endpoint = farm.url(quote(name))
            service = self.product.service(endpoint, name=name, slow_threshold_ms=60_000)
            self.services[name] = service["id"]

    def _sign_up(self, name: str, seed: int) -> None:
        email, api = f"{name}-{seed}@example.com", self.product.api
        person = {"email": email, "password": PASSWORD, "full_name": name.title()}
        session = requests.Session()
        session.post(f"{api}/auth/register", json=person, timeout=10).raise_for_status()
        credentials = {"email": email, "password": PASSWORD}
        answer = session.post(f"{api}/auth/login", json=credentials, timeout=10)
        session.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        methods = [
            {"type": "webhook", "config": {"url": f"{self.hook.url}/{name}"}},
            {
                "type": "webhook",
                "config": {"url": f"{self.hook.url}/{name}-late"},
                "delay_minutes": 1,
            },
        ]
        session.put(
            f"{api}/profile", json={"contact_methods": methods}, timeout=10
        ).raise_for_status()
        self.members[name] = session

    def join(self, name: str) -> None:
        """Let somebody of the team become a member."""
        session = self.members[name]
        email = session.get(f"{self.product.api}/profile", timeout=10).json()["email"]
        invited = self.product.call("POST", "/members", {"email": email, "role": "responder"})
        path = f"{self.product.api}/profile/invitations/{invited['id']}/accept"
        session.post(path, timeout=10).raise_for_status()
        self.user_ids[name] = invited["user_id"]

    def act(self) -> None:
        """Do one thing at random; what a process that is just starting refuses is not done."""
        deeds: list[Callable[[], object]] = [
            self._severity,
            self._snooze,
            self._snooze,
            self._pause,
            self._pause,
            self._acknowledge,
            self._resolve,
            self._member,
            self._switch_channel,
            self._notify,
        ]
        deed = self.chance.choice(deeds)
        with suppress(requests.RequestException, AssertionError, IndexError):
            deed()
            self.story.deeds[deed.__name__.strip("_")] += 1

    def resume_due(self, now: float) -> None:
        """Let paused services go on whose time has come."""
        for name, until in list(self.paused.items()):
            if now >= until:
                with suppress(requests.RequestException, AssertionError):
                    self.product.call("POST", f"/services/{self.services[name]}/resume")
                    self.story.pauses[name][-1][1] = time.time()
                    del self.paused[name]

    def _alert(self) -> str:
        return str(self.chance.choice(self.product.call("GET", "/alerts"))["id"])

    def _severity(self) -> None:
        severity = self.chance.choice(("critical", "warning", "info"))
        self.product.call("PATCH", f"/alert-rules/{self.rule_id}", {"severity": severity})

    def _snooze(self) -> None:
        self.product.call("POST", f"/alerts/{self._alert()}/snooze", {"minutes": 1})

    def _acknowledge(self) -> None:
        self.product.call("POST", f"/alerts/{self._alert()}/acknowledge", {})

    def _resolve(self) -> None:
        self.product.call("POST", f"/alerts/{self._alert()}/resolve", {})

    def _notify(self) -> None:
        whom = {"user_id": self.chance.choice(list(self.user_ids.values()))}
        self.product.call("POST", f"/alerts/{self._alert()}/notify", whom)

    def _pause(self) -> None:
        name = self.chance.choice([name for name in self.services if name not in self.paused])
        began_at = time.time()
        self.product.call("POST", f"/services/{self.services[name]}/pause")
        self.story.pauses[name].append([began_at, float("inf")])
        self.paused[name] = time.time() + self.chance.uniform(2, 12)

    def _member(self) -> None:
        """Take somebody out with a successor, or let them come back."""
        gone = [name for name in TEAM if name not in self.user_ids]
        if gone:
            self.join(gone[0])
            return
        name, successor = self.chance.sample(list(self.user_ids), 2)
        query = f"?replace_with={self.user_ids[successor]}"
        self.product.call("DELETE", f"/members/{self.user_ids[name]}{query}")
        del self.user_ids[name]

    def _switch_channel(self) -> None:
        is_enabled = self.chance.random() < 0.6
        path = f"/notification-channels/{self.channel_id}"
        self.product.call("PATCH", path, {"is_enabled": is_enabled})


def run(product: Product, seconds: float, seed: int, kill_every: float = 15.0) -> PeopleStory:
    """Run outages and people for a while, then wait for calm and check the invariants."""
    chance, story, farm = random.Random(seed), PeopleStory(), Farm()
    with HttpReceiver() as hook:
        company = Company(product, hook, chance, story)
        company.found(seed, farm)
        seconds_until(lambda: _colours(product) == {"GREEN"}, 20)
        _run_story(product, farm, company, chance, seconds, kill_every, story)
        seconds_until(lambda: not company.paused or company.resume_due(time.time() + 60), 60)
        product.call("PATCH", f"/notification-channels/{company.channel_id}", {"is_enabled": True})
        wait_for_calm(product, 150)
        check_invariants(product, story, list(hook.requests), company.services)
    farm.close()
    return story


def _run_story(
    product: Product,
    farm: Farm,
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
            _set_down(farm, story, name, True)
            ends[name] = now + chance.uniform(3, 40)
            next_outage = now + chance.uniform(7.5, 12)  # below what would count as a storm
        for name, until in list(ends.items()):
            if now >= until:
                _set_down(farm, story, name, False)
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
        _set_down(farm, story, name, False)
