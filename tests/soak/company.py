"""An organization whose people act at random while its services fail."""

import random
import time
from collections.abc import Callable
from contextlib import suppress

import requests

from tests.flows.product import PASSWORD, Product
from tests.receivers import HttpReceiver
from tests.soak.story import PeopleStory
from tests.soak.targets import Targets
from tests.waiting import seconds_until

SERVICES = 8
TEAM = ("ann", "ben", "cleo")


class Company:
    """An organization whose people act at random; a call that fails is tried no more."""

    def __init__(
        self, product: Product, hook: HttpReceiver, chance: random.Random, story: PeopleStory
    ) -> None:
        self.product, self.hook, self.chance, self.story = product, hook, chance, story
        self.services: dict[str, str] = {}  # name -> id
        self.paused: dict[str, float] = {}  # name -> until when
        self.windows: dict[str, tuple[float, str]] = {}  # name -> until when, id
        self.members: dict[str, requests.Session] = {}
        self.user_ids: dict[str, str] = {}

    def found(self, seed: int, targets: Targets) -> None:
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
        self.policy = self.product.call("POST", "/escalation-policies", body)
        for number in range(SERVICES):
            name = f"p{number}"
            endpoint = targets.url(name)
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
        self.members[name] = session
        self._reach(name, name)

    def _reach(self, name: str, path: str) -> None:
        """Let somebody be reached at a path at once, and at another after a minute."""
        methods = [
            {"type": "webhook", "config": {"url": f"{self.hook.url}/{path}"}},
            {
                "type": "webhook",
                "config": {"url": f"{self.hook.url}/{name}-late"},
                "delay_minutes": 1,
            },
        ]
        self.members[name].put(
            f"{self.product.api}/profile", json={"contact_methods": methods}, timeout=10
        ).raise_for_status()

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
            self._edit_channel,
            self._other_channel,
            self._notify,
            self._contact,
            self._window,
            self._rule,
            self._policy,
            self._dependency,
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
        for name, (until, id) in list(self.windows.items()):
            if now >= until:
                ends = (("POST", f"/maintenance-windows/{id}/end"),)
                ends += (("DELETE", f"/maintenance-windows/{id}"),)
                with suppress(requests.RequestException, AssertionError):
                    self.product.call(*self.chance.choice(ends))
                    self.story.pauses[name][-1][1] = time.time()
                    del self.windows[name]

    def settle(self) -> None:
        """End what would hold messages back for longer than a run."""
        seconds_until(
            lambda: not (self.paused or self.windows) or self.resume_due(time.time() + 60), 60
        )
        path = f"/notification-channels/{self.channel_id}"
        self.product.call("PATCH", path, {"is_enabled": True, "quiet_hours": None})

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
        name = self._watched()
        began_at = time.time()
        self.product.call("POST", f"/services/{self.services[name]}/pause")
        self.story.pauses[name].append([began_at, float("inf")])
        self.paused[name] = time.time() + self.chance.uniform(2, 12)

    def _watched(self) -> str:
        return self.chance.choice(
            [name for name in self.services if name not in (*self.paused, *self.windows)]
        )

    def _window(self) -> None:
        """Put a service into maintenance for a while, which is like a pause to whoever counts."""
        name, began_at = self._watched(), time.time()
        body = {"service_ids": [self.services[name]], "minutes": 30}
        window = self.product.call("POST", "/maintenance-windows/now", body)
        self.story.pauses[name].append([began_at, float("inf")])
        self.windows[name] = (time.time() + self.chance.uniform(2, 12), window["id"])

    def _contact(self) -> None:
        name = self.chance.choice(list(self.user_ids))
        self._reach(name, f"{name}{self.chance.choice(('', '-new'))}")

    def _rule(self) -> None:
        """Switch the rule off and on again, or edit its reminders."""
        path = f"/alert-rules/{self.rule_id}"
        if self.chance.random() < 0.5:
            minutes = self.chance.choice((1, None))
            self.product.call("PATCH", path, {"reminder_interval_minutes": minutes})
            return
        try:
            self.product.call("PATCH", path, {"is_enabled": False})
        finally:
            seconds_until(lambda: self._switch_rule_on(path), 20)

    def _switch_rule_on(self, path: str) -> bool:
        with suppress(requests.RequestException, AssertionError):
            return bool(self.product.call("PATCH", path, {"is_enabled": True})["is_enabled"])
        return False

    def _policy(self) -> None:
        """Give the policy its levels in another order."""
        policy = self.product.call("GET", f"/escalation-policies/{self.policy['id']}")
        first, *others = policy["rules"]
        swapped = [{**others[-1], "level": 1}, {**first, "level": 2}]
        delays = [rule["delay_minutes"] for rule in policy["rules"]]
        rules = [
            {**rule, "delay_minutes": delay} for rule, delay in zip(swapped, delays, strict=True)
        ]
        self.product.call("PATCH", f"/escalation-policies/{policy['id']}", {"rules": rules})

    def _dependency(self) -> None:
        name, other = self.chance.sample(list(self.services), 2)
        needs = [self.services[other]] if self.chance.random() < 0.5 else []
        self.product.call("PATCH", f"/services/{self.services[name]}", {"depends_on": needs})

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

    def _edit_channel(self) -> None:
        hour = time.gmtime().tm_hour
        quiet = {"timezone": "UTC", "from": f"{hour:02}:00", "to": f"{(hour + 6) % 24:02}:00"}
        edit = {
            "quiet_hours": self.chance.choice((quiet, None, None)),
            "min_severity": self.chance.choice(("info", "warning")),
        }
        self.product.call("PATCH", f"/notification-channels/{self.channel_id}", edit)

    def _other_channel(self) -> None:
        """Make another channel, or delete the one there is."""
        path = "/notification-channels"
        others = [each for each in self.product.call("GET", path) if each["name"] == "other"]
        if others:
            self.product.call("DELETE", f"{path}/{others[0]['id']}")
            return
        config = {"url": f"{self.hook.url}/other"}
        self.product.call("POST", path, {"name": "other", "type": "webhook", "config": config})
