"""Outages that last longer than a minute: the second level hears of them unless somebody has acted.

The invariant is I8 of the fault story: a level is told if and only if nobody has acknowledged the
alert at its time, and then within five seconds.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import requests

from tests.flows.product import Product
from tests.receivers import HttpReceiver, Received
from tests.waiting import stretched

IGNORED, ACKNOWLEDGED = "nobody acts", "somebody acts"
DELAY_SECONDS = 60.0
_LONGER_SECONDS = 10.0  # than the delay, from when the alert is open
OUTAGE_SECONDS = DELAY_SECONDS + _LONGER_SECONDS
_OPEN_WITHIN_SECONDS = 60.0
_ACTS_AFTER_SECONDS = 30.0
_PAUSE_SECONDS = 12.0
_TOLERANCE_SECONDS = 5.0
_ANSWER_SECONDS = 5.0


def prepare(product: Product, hook: dict[str, Any], second: HttpReceiver) -> str:
    """Let the usual rule tell the hook alone; return a policy that tells the second line later."""
    late = product.call(
        "POST",
        "/notification-channels",
        {"name": "second line", "type": "webhook", "config": {"url": f"{second.url}/second"}},
    )
    (rule,) = product.call("GET", "/alert-rules")
    product.call("PATCH", f"/alert-rules/{rule['id']}", {"notification_channel_ids": [hook["id"]]})
    levels = [(1, 0, hook), (2, int(DELAY_SECONDS / 60), late)]
    policy = product.call(
        "POST",
        "/escalation-policies",
        {
            "name": "second line",
            "rules": [
                {
                    "level": level,
                    "delay_minutes": delay,
                    "notify_type": "channel",
                    "notify_id": channel["id"],
                }
                for level, delay, channel in levels
            ],
        },
    )
    return str(policy["id"])


class LongOutages(threading.Thread):
    """Breaks two services again and again, and acknowledges the alerts of one of them."""

    def __init__(
        self,
        product: Product,
        services: Mapping[str, str],
        set_down: Callable[[str, bool], None],
        seconds: float,
    ) -> None:
        super().__init__(daemon=True)
        self._product = product
        self._services = services  # name -> id
        self._set_down = set_down
        self._ends_at = time.time() + seconds
        self._session = requests.Session()
        self._session.headers.update(product.session.headers)

    def run(self) -> None:
        """Go on while there is time for one more."""
        while time.time() + OUTAGE_SECONDS < self._ends_at:
            for name in self._services:
                self._set_down(name, True)
            began_at = self._wait_for_alert()
            time.sleep(_ACTS_AFTER_SECONDS)
            while time.time() < began_at + OUTAGE_SECONDS:
                if self._acknowledge():
                    break
                time.sleep(0.5)
            while time.time() < began_at + DELAY_SECONDS + stretched(_LONGER_SECONDS):
                time.sleep(0.5)
            for name in self._services:
                self._set_down(name, False)
            time.sleep(_PAUSE_SECONDS)

    def _wait_for_alert(self) -> float:
        """Return when the alert was open that nobody acts on, or when it was waited for in vain."""
        until = time.time() + _OPEN_WITHIN_SECONDS
        while time.time() < until and not self._alerts(IGNORED):
            time.sleep(0.5)
        return time.time()

    def _alerts(self, name: str) -> list[Any]:
        """Return what is open of a service; nothing where the server does not say."""
        with suppress(requests.RequestException, ValueError):
            found = self._session.get(
                f"{self._product.api}/alerts",
                params={"service_id": self._services[name]},
                timeout=_ANSWER_SECONDS,
            )
            return list(found.json()) if found.ok else []
        return []

    def _acknowledge(self) -> bool:
        """Acknowledge what is open of the one service; say whether that went through."""
        for alert in self._alerts(ACKNOWLEDGED)[:1]:
            path = f"{self._product.api}/alerts/{alert['id']}/acknowledge"
            with suppress(requests.RequestException):
                return self._session.post(path, json={}, timeout=_ANSWER_SECONDS).ok
        return False


def check_invariants(
    product: Product, services: Mapping[str, str], heard: Sequence[Received], kills: list[float]
) -> tuple[int, list[str]]:
    """Return how many alerts the second line heard of, and what was wrong with that."""
    notified: dict[str, float] = {}
    for request in heard:
        if request.json["event"] == "alert.escalated":
            notified.setdefault(request.json["data"]["alert"]["id"], request.at)
    with product.database() as connection:
        alerts = connection.execute(
            "SELECT id::text, extract(epoch FROM fired_at)::float,"
            " extract(epoch FROM least(acknowledged_at, resolved_at))::float"
            " FROM alerts WHERE service_id = ANY(%s::uuid[])",
            (list(services.values()),),
        ).fetchall()
    faults = []
    for id, fired_at, acted_at in alerts:
        due, at = fired_at + DELAY_SECONDS, notified.get(id)
        latest = _latest(due, kills)
        if at is None and acted_at > latest:
            faults.append(f"the second line was not told of an alert of {fired_at:.1f}")
        elif at is not None and acted_at < due:
            faults.append(
                f"the second line was told {at - acted_at:.1f} s after somebody had acted"
            )
        elif at is not None and not due <= at <= latest:
            faults.append(f"the second line was told {at - due:.1f} s after its time")
    return len(notified), faults


def _latest(due: float, kills: Sequence[float]) -> float:
    """Return until when a level must be notified; a kill meanwhile costs so much again."""
    latest = due + _TOLERANCE_SECONDS
    for kill in sorted(kills):
        if due - _TOLERANCE_SECONDS <= kill <= latest:
            latest = max(latest, kill + 2 * _TOLERANCE_SECONDS)
    return latest
