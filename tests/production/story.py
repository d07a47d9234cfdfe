"""Story of a rolling restart: people, jobs and outages go on while every container is replaced."""

import threading
import time
from collections import Counter, defaultdict
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pycurl
import requests

from tests.production.clients import RETRY_SECONDS, TARGET_PORT, Client, Clients, Feed, Targets
from tests.production.network import GATEWAY
from tests.production.shape import Shape

INTERVAL_SECONDS = 10
SHOPS = 6  # services that go down in turn
OUTAGE_SECONDS = 25.0
EVERY_SECONDS = 12.0
HEARTBEATS = 4
STEADY_SECONDS = 30.0
BETWEEN_SECONDS = 3.0
LATE_SECONDS = 5.0  # beyond the interval
PASSWORD = "correct horse battery"


def run(shape: Shape, services: int) -> list[str]:
    """Restart every container in turn under load; print the figures, return the faults."""
    targets = Targets()
    authority = str(shape.folder / "nginx" / "ca.pem")
    client = Client(f"{shape.url}/api/v1", authority)
    faults = _greet(shape, client)
    heartbeats = _configure(client, services)
    clients = Clients()
    sent: dict[str, set[str]] = defaultdict(set)
    readers = [client.again() for _ in range(4)]
    for reader in readers:
        clients.repeat(partial(reader.call, "GET", "/services?limit=50"), 0.1)
    writer = client.again()
    clients.repeat(partial(_write, writer), 0.5)
    pinger = Client("", authority)
    for id, address in heartbeats.items():
        clients.repeat(partial(_ping, pinger, address, sent[id]), 0.5)
    outages: list[str] = []
    clients.repeat(partial(_outage, targets, outages), EVERY_SECONDS)
    feed = Feed(f"{shape.url}/api/v1", client)
    clients.repeat(feed.listen, RETRY_SECONDS)
    began = time.time()
    time.sleep(STEADY_SECONDS)
    for container in list(shape.of_the_program):
        took = container.restart()
        print(f"restarted {container.name} in {took:.1f} s", flush=True)
        time.sleep(BETWEEN_SECONDS)
    ended = time.time()
    time.sleep(INTERVAL_SECONDS)
    clients.end()
    time.sleep(OUTAGE_SECONDS + 2 * INTERVAL_SECONDS)
    everybody = [client, writer, pinger, *readers]
    print(f"{feed.count} live results, {feed.connections} connections of the feed")
    faults += [each for one in everybody for each in one.failures]
    print(sum((one.answers for one in everybody), Counter()))
    with psycopg.connect(shape.database_url) as connection:
        faults += _check_results(connection, began, ended)
        faults += _check_pings(connection, sent)
        faults += _check_pages(connection, targets, outages)
    return faults


def _greet(shape: Shape, client: Client) -> list[str]:
    """Sign in through the proxy, by HTTP/2; a fault where it hides who is calling."""
    person = {"email": "ada@example.com", "password": PASSWORD, "full_name": "Ada"}
    client.call("POST", "/auth/register", person)
    assert not client.failures, client.failures
    sign_in = {"email": person["email"], "password": PASSWORD}
    client.token = client.call("POST", "/auth/login", sign_in)["token"]
    client.session.headers["Authorization"] = f"Bearer {client.token}"
    faults = []
    seen = {entry["actor"]["ip"] for entry in client.call("GET", "/audit-logs")}
    if seen != {GATEWAY}:
        faults.append(f"the audit log names {seen} instead of {GATEWAY}")
    answer = pycurl.Curl()
    answer.setopt(pycurl.URL, f"{shape.url}/ready")
    answer.setopt(pycurl.CAINFO, client.authority)
    answer.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
    answer.setopt(pycurl.WRITEFUNCTION, lambda _: None)
    answer.perform()
    if answer.getinfo(pycurl.RESPONSE_CODE) != 200:
        faults.append(f"/ready answers {answer.getinfo(pycurl.RESPONSE_CODE)}")
    if answer.getinfo(pycurl.INFO_HTTP_VERSION) != pycurl.CURL_HTTP_VERSION_2_0:
        faults.append("HTTP/2 is not spoken")
    return faults


def _configure(client: Client, services: int) -> dict[str, str]:
    """Make a channel, services, heartbeats; return the heartbeats' addresses by id."""
    target = f"http://{GATEWAY}:{TARGET_PORT}"
    hook = {"name": "hook", "type": "webhook", "config": {"url": f"{target}/hook"}}
    client.call("POST", "/notification-channels", hook)
    for number in range(services):
        body = {
            "name": f"Service {number}",
            "endpoint": f"{target}/shop-{number}",
            "check_type": "HTTP",
            "check_interval_seconds": INTERVAL_SECONDS,
            "timeout_seconds": 5,
            "failure_threshold": 1,
        }
        client.call("POST", "/services", body)
    heartbeats = {}
    for number in range(HEARTBEATS):
        body = {"name": f"Job {number}", "schedule": "every 1h"}
        made = client.call("POST", "/heartbeats", body)
        heartbeats[made["id"]] = made["ping_url"]
    return heartbeats


def _write(client: Client) -> None:
    made = client.call("POST", "/teams", {"name": f"Team {uuid4()}"})
    if made:
        client.call("DELETE", f"/teams/{made['id']}")


def _ping(client: Client, address: str, sent: set[str]) -> None:
    number = str(uuid4())
    for attempt in (1, 2):
        try:
            answer = client.session.post(address, data=number, timeout=10)
        except requests.RequestException as failed:
            said = type(failed).__name__
        else:
            if answer.ok:
                client.answers[f"pinged at attempt {attempt}"] += 1
                sent.add(number)
                return
            said = f"{answer.status_code} {answer.text[:120]}"
        if attempt == 1:
            time.sleep(RETRY_SECONDS)
    client.failures.append(f"ping: {said} at {time.strftime('%H:%M:%S')}")


def _outage(targets: Targets, outages: list[str]) -> None:
    path = f"/shop-{len(outages) % SHOPS}"
    targets.down.add(path)
    outages.append(path)
    ending = threading.Timer(OUTAGE_SECONDS, targets.down.discard, (path,))
    ending.daemon = True
    ending.start()


_GAPS = """
SELECT max(extract(epoch FROM gap)), count(*) FILTER (WHERE gap > make_interval(secs => %s)),
    count(*), percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (
        ORDER BY extract(epoch FROM checked_at - scheduled_for))
FROM (SELECT checked_at, scheduled_for, checked_at - lag(checked_at, 1, to_timestamp(%s))
          OVER (PARTITION BY service_id ORDER BY checked_at) AS gap
      FROM check_results WHERE checked_at BETWEEN to_timestamp(%s) AND to_timestamp(%s)) AS g
"""


def _check_results(connection: psycopg.Connection[Any], began: float, ended: float) -> list[str]:
    """Faults of checks: one that came later than its interval and five seconds."""
    allowed = INTERVAL_SECONDS + LATE_SECONDS
    ((longest, late, count, (middle, high)),) = connection.execute(
        _GAPS, (allowed, began, began, ended)
    ).fetchall()
    print(f"{count} checks, longest gap {longest:.1f} s, late p50 {middle:.3f} s, p99 {high:.3f} s")
    return [f"{late} checks came more than {allowed:.0f} s after the one before"] if late else []


def _check_pings(connection: psycopg.Connection[Any], sent: dict[str, set[str]]) -> list[str]:
    """Faults of pings: one that was answered and is not stored."""
    faults = []
    for id, numbers in sent.items():
        rows = connection.execute(
            "SELECT convert_from(body, 'UTF8') FROM heartbeat_pings WHERE heartbeat_id = %s", (id,)
        ).fetchall()
        lost = numbers - {number for (number,) in rows}
        print(f"{len(numbers)} pings answered, {len(rows)} stored, {len(lost)} lost")
        if lost:
            faults.append(f"{len(lost)} pings of {id} were answered and are not stored")
    return faults


def _check_pages(
    connection: psycopg.Connection[Any], targets: Targets, outages: list[str]
) -> list[str]:
    """Faults of pages: an outage that nobody heard of, or its end."""
    told = Counter(
        (urlsplit(message["data"]["service"]["endpoint"]).path, message["event"])
        for message in targets.messages
    )
    faults = []
    for path, count in Counter(outages).items():
        for kind in ("alert.fired", "alert.resolved"):
            if told[path, kind] < count:
                faults.append(f"{path}: {count} outages, {told[path, kind]} times {kind}")
    print(f"{len(outages)} outages, {len(targets.messages)} messages")
    return faults
