"""Attacks of one customer beside normal work of another, who must not feel them.

The attacker saves and sends templates that try to run long, sends bodies that never end, floods the
live feed with frames, posts nonsense, and asks for costly things as fast as it can. Meanwhile the
other one's checks keep their lateness, its pings are answered within two seconds, and its messages
leave within five.
"""

import logging
import random
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

import requests
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect as connect_websocket

from tests.flows.product import PASSWORD, Product, target
from tests.receivers import HttpReceiver

PING_SECONDS = 2.0
MESSAGE_SECONDS = 5.0
LATENESS_SECONDS = 5.0
SLOW_CONNECTIONS = 800
_TEMPLATES = (
    "{{ 1|round(30000000,'ceil') }}",
    "{{ severity|length|round(20000000,'ceil') }}",
    "{{ text|replace('', text) }}",
    "{{ facts|tojson(indent=1000000000) }}",
    "{% for c in text %}{{ text|list|sort|join }}{% endfor %}",
    "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
)


@dataclass
class Measurements:
    """Measurements of the other customer."""

    attacks: int = 0
    pings: list[float] = field(default_factory=list)
    messages: list[float] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        def worst(times: list[float]) -> str:
            return f"{len(times)}, slowest {max(times, default=0):.2f} s"

        return (
            f"{self.attacks} attacks; pings: {worst(self.pings)}; messages: {worst(self.messages)};"
            f" lateness of checks: {worst(self.lateness)}; {len(self.faults)} faults"
        )


def run(product: Product, seconds: float, seed: int) -> Measurements:
    """Attack for so long, and return what was measured."""
    measured, stopping = Measurements(), threading.Event()
    product.register()
    attacker = _sign_up(product, "attacker@example.com")
    # The others stand on a target of their own: more than ten alerts at once would be a storm, and
    # a storm is told in digests.
    with target() as shop, target() as steady, HttpReceiver() as receiver:
        product.call(
            "POST",
            "/notification-channels",
            {"name": "Ours", "type": "webhook", "config": {"url": receiver.url}},
        )
        product.service(shop.url, slow_threshold_ms=60000)
        for number in range(20):
            product.service(
                steady.url, name=f"Shop {number}", slow_threshold_ms=60000, is_active=True
            )
        beat = product.call("POST", "/heartbeats", {"name": "Job"})
        attacks = [
            threading.Thread(
                target=attack, args=(product, attacker, measured, stopping, seed + number)
            )
            for number, attack in enumerate(
                (_templates, _templates, _slow_bodies, _frames, _frames, _costly)
            )
        ]
        for attack in attacks:
            attack.start()
        try:
            _live(product, shop, receiver, beat["ping_url"], measured, seconds)
        finally:
            stopping.set()
            for attack in attacks:
                attack.join(60)
    return measured


def _sign_up(product: Product, email: str) -> requests.Session:
    session = requests.Session()
    credentials = {"email": email, "password": PASSWORD}
    person = credentials | {"full_name": "Eve"}
    session.post(f"{product.api}/auth/register", json=person, timeout=30)
    answer = session.post(f"{product.api}/auth/login", json=credentials, timeout=30)
    session.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return session


def _live(product, shop, receiver, ping_url, measured, seconds) -> None:  # type: ignore[no-untyped-def]
    """Do the other customer's normal work, and note how long each thing takes."""
    end = time.monotonic() + seconds
    is_down, turn_at = False, time.monotonic() + 10
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            answer = requests.get(ping_url, timeout=30)
            measured.pings.append(time.monotonic() - began)
            if answer.status_code != 200:
                measured.faults.append(f"a ping was answered {answer.status_code}")
        except requests.RequestException as error:
            measured.faults.append(f"a ping was not answered: {error}")
        with product.database() as connection:
            row = connection.execute(
                "SELECT max(extract(epoch FROM now() - e.next_due_at))::float"
                " FROM schedule_entries e JOIN services s ON s.id = e.service_id"
                " WHERE e.next_due_at < now()"
            ).fetchone()
        if row and row[0]:
            measured.lateness.append(row[0])
        if time.monotonic() > turn_at:
            is_down = not is_down
            known, began = len(receiver.requests), time.monotonic()
            shop.status = 500 if is_down else 200
            with suppress(AssertionError):
                receiver.wait_for(known + 1, 30)
            measured.messages.append(time.monotonic() - began)
            turn_at = time.monotonic() + 15
        time.sleep(0.5)
    _check_bounds(measured)


def _check_bounds(measured: Measurements) -> None:
    for what, times, most in (
        ("a ping took", measured.pings, PING_SECONDS),
        # A check's interval is before a message.
        ("a message took", measured.messages, MESSAGE_SECONDS + 1.0),
        ("a check was late by", measured.lateness, LATENESS_SECONDS),
    ):
        slow = [each for each in times if each > most]
        if slow:
            measured.faults.append(
                f"{what} {max(slow):.1f} s, and {len(slow)} were beyond {most} s"
            )


def _templates(product, session, measured, stopping, seed) -> None:  # type: ignore[no-untyped-def]
    """Save channels with templates that try to run long, and send through those that are taken."""
    chance = random.Random(seed)
    while not stopping.is_set():
        body = {
            "name": f"Bomb {chance.random()}",
            "type": "webhook",
            "config": {"url": "http://127.0.0.1:9/"},
            "template": {"body": chance.choice(_TEMPLATES)},
        }
        with suppress(requests.RequestException, ValueError, KeyError):
            answer = session.post(f"{product.api}/notification-channels", json=body, timeout=60)
            measured.attacks += 1
            if answer.status_code == 201:
                path = f"{product.api}/notification-channels/{answer.json()['id']}"
                session.post(f"{path}/test", timeout=60)
                session.delete(path, timeout=60)


def _slow_bodies(product, session, measured, stopping, seed) -> None:  # type: ignore[no-untyped-def]
    """Hold connections that send a header, one byte, and nothing more."""
    half = (
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 1000\r\n\r\n{"
    )
    held: list[socket.socket] = []
    while not stopping.is_set():
        try:
            sock = socket.create_connection(("127.0.0.1", product.port), timeout=1)
            sock.sendall(half)
            held.append(sock)
            measured.attacks += 1
        except OSError:
            time.sleep(0.1)
        while len(held) > SLOW_CONNECTIONS:
            held.pop(0).close()
        time.sleep(0.005)
    for sock in held:
        sock.close()


def _frames(product, session, measured, stopping, seed) -> None:  # type: ignore[no-untyped-def]
    """Flood the live feed with pings, again and again."""
    token = session.headers["Authorization"].partition(" ")[2]
    address = f"ws://127.0.0.1:{product.port}/api/v1/ws?token={token}"
    silent = logging.getLogger("attacker")
    silent.disabled = True  # a connection that is dropped on us is what we ask for
    while not stopping.is_set():
        with (
            suppress(OSError, WebSocketException),
            connect_websocket(address, logger=silent) as feed,
        ):
            while not stopping.is_set():
                feed.ping()
                measured.attacks += 1
        time.sleep(0.3)


def _costly(product, session, measured, stopping, seed) -> None:  # type: ignore[no-untyped-def]
    """Ask for what costs much, and post nonsense, as fast as answers come."""
    chance = random.Random(seed)
    deep = b"[" * 100_000
    while not stopping.is_set():
        with suppress(requests.RequestException):
            kind = chance.randrange(4)
            if kind == 0:
                session.post(f"{product.api}/alert-rules/preview", json={}, timeout=60)
            elif kind == 1:
                headers = {"Content-Type": "application/json"}
                session.post(f"{product.api}/services", data=deep, headers=headers, timeout=60)
            elif kind == 2:
                session.get(f"{product.api}/services?cursor={'x' * 150}", timeout=60)
            else:
                right = chance.random() < 0.5
                password = PASSWORD if right else "wrong horse battery"
                body = {"email": "attacker@example.com", "password": password}
                session.post(f"{product.api}/auth/login", json=body, timeout=60)
            measured.attacks += 1
            time.sleep(0.05)
