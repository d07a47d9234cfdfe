"""/agent: what agents at locations ask for, with the key of their location.

No part of the contract: agent and server are two ends of one program, and agree on a version of
the protocol first (`app/domain/locations/protocol.py`).
"""

import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, current_app, g, request
from redis import Redis, RedisError

from app import __version__
from app.api import agent_bodies
from app.api.http import reply
from app.domain.locations.protocol import VERSIONS, agreed
from app.operations.checks import claim as checks_claim
from app.operations.checks.claim import Claimed, Lease
from app.operations.remote import agents, losses, results, wire
from app.operations.remote.agents import AgentLocation, AgentReach
from app.operations.services import one_off_checks
from app.operations.services.one_off_checks import ProbeTask
from app.platform.clock import monotonic
from app.platform.errors import Invalid, Unauthorized, UpgradeRequired
from app.platform.events import timestamp
from app.platform.queue import wait_for_wake
from app.platform.redis_client import connect
from app.security.access import add_guard, guarded_by

PROTOCOL_HEADER = "AlertifyPro-Protocol"
MOST_WAIT_SECONDS = 20.0
MOST_AHEAD_SECONDS = 30.0
MOST_RESULTS = 1000
_GUARD = "LOCATION_KEY"
_REDIS = "agent wakes"
_LOOK_SECONDS = 1.0  # between two looks of a long poll that nobody wakes


def install(app: Flask) -> None:
    """Answer agents under /api/v1/agent."""
    add_guard(app, _GUARD, _check)
    for name, view in _VIEWS.items():
        endpoint = f"agent.{name}"
        app.add_url_rule(f"/api/v1/agent/{name}", endpoint, view, methods=["POST"])
        guarded_by(app, endpoint, _GUARD)
    app.extensions[_REDIS] = connect(app.extensions["runtime"].config.redis_url, blocking=True)


def _check() -> None:
    """Note the location of this request. Raises Unauthorized without the key of one."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    found = agents.location_of(key.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        raise Unauthorized
    g.location = found


def hello() -> Response:
    """Agree on a version of the protocol, and tell the agent where it is."""
    asked = agent_bodies.json_body()
    protocol = agreed(int(version) for version in agent_bodies.read(asked, "protocols", list))
    if protocol is None:
        raise UpgradeRequired(
            f"this server is of version {__version__} and speaks the protocols"
            f" {list(VERSIONS)}: bring agent and server within one release of each other"
        )
    location = _location()
    return reply(
        {
            "protocol": protocol,
            "version": __version__,
            "location": location.name,
            "region": location.region,
        }
    )


def claims() -> Response:
    """Answer checks to make, as soon as there are any; within the time that the agent waits."""
    location, asked = _spoken()
    wait = min(agent_bodies.number(asked, "wait_seconds", 0.0), MOST_WAIT_SECONDS)
    ahead = min(agent_bodies.number(asked, "ahead_seconds", 0.0), MOST_AHEAD_SECONDS)
    behind = asked.get("behind_seconds")
    limit = int(agent_bodies.number(asked, "limit", float(agents.MOST_CLAIMS)))
    agents.note(
        location,
        agent_bodies.pulse(
            agent_bodies.read(asked, "pulse", dict), int(request.headers[PROTOCOL_HEADER])
        ),
    )
    end = monotonic() + wait
    while True:
        asked_at = monotonic()
        claimed, tasks = agents.claim(
            location,
            limit,
            ahead,
            None if behind is None else agent_bodies.number(asked, "behind_seconds", 0),
        )
        answered_at = monotonic()
        took, left = answered_at - asked_at, end - answered_at
        if claimed.claims or tasks or left <= 0 or limit <= 0:
            return _handed(location, claimed, tasks, took)
        _wait(location.region, min(left, _until_next(claimed, ahead), _LOOK_SECONDS))
        if _is_gone():  # nobody would make what is claimed now, until the leases run out
            return _handed(location, claimed, tasks, took)
        _check()  # the key may have ended meanwhile


def snapshots() -> Response:
    """Answer services that are checked at the location, secrets in clear; 404 for any other."""
    location, asked = _spoken()
    ids = [
        agent_bodies.uuid(text)
        for text in agent_bodies.read(asked, "service_ids", list)[: agents.MOST_CLAIMS]
    ]
    found, reach = agents.snapshots(location, ids), AgentReach()
    return reply(
        {
            "snapshots": [
                wire.snapshot_to_json(one, reach.of(location, one.organization_id))
                for one in found.values()
            ]
        }
    )


def deliver() -> Response:
    """Take results, and answer what became of them once they are stored."""
    location, asked = _spoken()
    delivered = agent_bodies.read(asked, "results", list)
    if len(delivered) > MOST_RESULTS:
        raise Invalid(f"at most {MOST_RESULTS} results at once")
    try:
        read = [agent_bodies.delivered(one) for one in delivered]
    except wire.UNREADABLE as error:
        raise Invalid(f"a result cannot be read: {error}") from None
    accepted = results.accept(location, read)
    return reply(
        {
            "judged": accepted.evaluated,
            "late": accepted.late,
            "dropped": accepted.dropped,
            "too_early": accepted.too_early,
        }
    )


def release() -> Response:
    """Take back checks of the location that its agent will not make."""
    leases = _leases()
    if leases:
        checks_claim.release(leases)
    return reply({})


def extend() -> Response:
    """Hold checks for an agent that makes them alone, which takes longer."""
    for lease in _leases():
        checks_claim.extend_lease(lease, agents.LEASE_MARGIN_SECONDS)
    return reply({})


def _leases() -> list[Lease]:
    location, asked = _spoken()
    given = agent_bodies.read(asked, "leases", list)
    if len(given) > MOST_RESULTS:
        raise Invalid(f"at most {MOST_RESULTS} leases at once")
    try:
        return [agent_bodies.lease(one, location.region) for one in given]
    except wire.UNREADABLE as error:
        raise Invalid(f"a lease cannot be read: {error}") from None


def note_losses() -> Response:
    """Take what the agent has found out about checks that end processes; answer what rests now."""
    location, asked = _spoken()
    found = {name: agent_bodies.read(asked, name, list) for name in ("in_hand", "lost", "done")}
    if sum(map(len, found.values())) > MOST_RESULTS:
        raise Invalid(f"at most {MOST_RESULTS} checks at once")
    try:
        traces = dict(map(agent_bodies.loss, found["lost"]))
    except wire.UNREADABLE as error:
        raise Invalid(f"a loss cannot be read: {error}") from None
    in_hand, done = ([agent_bodies.uuid(id) for id in found[name]] for name in ("in_hand", "done"))
    rest = losses.note(location, in_hand, traces, done)
    return reply({"set_aside": sorted(map(str, rest))})


def answer() -> Response:
    """Take the outcome of a one-off probe."""
    location, asked = _spoken()
    try:
        observation = wire.observation_of_json(agent_bodies.read(asked, "observation", dict))
    except wire.UNREADABLE as error:
        raise Invalid(f"the observation cannot be read: {error}") from None
    one_off_checks.answer(agent_bodies.uuid(asked.get("id")), observation, region=location.region)
    return reply({})


_VIEWS: Mapping[str, Callable[[], Response]] = {
    "hello": hello,
    "claims": claims,
    "snapshots": snapshots,
    "results": deliver,
    "release": release,
    "extend": extend,
    "losses": note_losses,
    "answers": answer,
}


def _location() -> AgentLocation:
    result: AgentLocation = g.location
    return result


def _spoken() -> tuple[AgentLocation, dict[str, Any]]:
    """Return the location and the body, if the agent speaks a version that we do."""
    if request.headers.get(PROTOCOL_HEADER, "") not in map(str, VERSIONS):
        raise UpgradeRequired("say hello first: this version of the protocol is not spoken here")
    return _location(), agent_bodies.json_body()


def _until_next(claimed: Claimed, ahead: float) -> float:
    if claimed.next_due_at is None:
        return _LOOK_SECONDS
    return max(0.01, (claimed.next_due_at - claimed.now).total_seconds() - ahead)


def _wait(region: str, seconds: float) -> None:
    redis: Redis = current_app.extensions[_REDIS]
    began_at = monotonic()
    try:
        wait_for_wake(redis, region, max(seconds, 0.01))
    except RedisError:
        time.sleep(max(0.0, began_at + seconds - monotonic()))


def _is_gone() -> bool:
    """Say whether the agent, or the proxy before us, has closed its connection."""
    connection: socket.socket | None = request.environ.get("gunicorn.socket")
    if connection is None:
        return False
    timeout = connection.gettimeout()
    connection.settimeout(0)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(timeout)


def _handed(
    location: AgentLocation, claimed: Claimed, tasks: list[ProbeTask], took: float
) -> Response:
    reach = AgentReach() if tasks else None
    held = losses.quarantined(claimed.claims) if claimed.claims else {}
    return reply(
        {
            "now": timestamp(claimed.now),
            "claim_seconds": took,
            "next_due_at": claimed.next_due_at and timestamp(claimed.next_due_at),
            "claims": [wire.claim_to_json(one, held.get(one.service_id)) for one in claimed.claims],
            "tasks": [
                {
                    "id": str(task.id),
                    "organization_id": str(task.target.organization_id),
                    "target": wire.target_to_json(task.target),
                    "targets": reach and reach.of(location, task.target.organization_id),
                    "fault": task.fault,
                }
                for task in tasks
            ],
        }
    )
