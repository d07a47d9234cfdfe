"""A check that ends its agent is made alone, set aside at the third loss, and hurts no other."""

import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from app.network.server_client import ServerAway, ServerRefused
from app.operations.health import quarantine
from tests.agents import make_location
from tests.factories import make_person, make_service
from tests.waiting import seconds_until, stretched
from workers.agent_quarantine import AgentQuarantine
from workers.autonomy import ALONE
from workers.https_exchange import HttpsExchange

ROOT = Path(__file__).parents[2]
ONE = "7b0c2f9e-3a51-4f0e-9d7e-2f6f0f1a9c11"  # a service
# What Python imports at its start: every process of the agent has it.
_POISON = """
import ctypes
from app.checks import runner

plain = runner.run

async def run(target, network):
    if "poison" in target.endpoint:
        ctypes.string_at(0)
    return await plain(target, network)

runner.run = run
"""


@pytest.fixture
def start(served, tmp_path):
    """Start an agent of a location, at which one endpoint ends the process that asks it."""
    (tmp_path / "sitecustomize.py").write_text(_POISON)
    started = []

    def agent(key):
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{tmp_path}:{ROOT}",
            "STATE_DIR": str(tmp_path / "state"),
            "ALERTIFYPRO_URL": f"http://127.0.0.1:{served}",
            "LOCATION_KEY": key,
        }
        command = [sys.executable, "-m", "workers", "remote"]
        started.append(subprocess.Popen(command, cwd=ROOT, env=environment))
        return started[-1]

    yield agent
    for process in started:
        process.kill()
        process.wait()


def test_a_check_that_ends_its_agent_is_set_aside_and_the_others_go_on(
    app, context, configure, alice, served, start, rows
):
    configure(plan_limits=False)
    make_person(app, "Olga")
    location = make_location(alice)
    fields = {"regions": [location["region"]], "check_type": "TCP"}
    make_service(alice, name="Sick", endpoint="poison.example.com:1", **fields)
    well = make_service(alice, name="Well", endpoint=f"127.0.0.1:{served}", **fields)
    assert start(location["key"]).wait(stretched(30)) < 0
    agent = start(location["key"])
    seconds_until(lambda: rows("SELECT set_aside_at IS NOT NULL FROM quarantine") == [(True,)], 60)
    ((trace,),) = rows("SELECT trace FROM quarantine")
    assert "string_at" in trace
    assert trace.splitlines()[0] in quarantine.problem()
    seconds_until(
        lambda: (
            [status for (status,) in rows("SELECT status FROM services ORDER BY name")]
            == ["UNKNOWN", "GREEN"]
        ),
        30,
    )
    ((error,),) = rows("SELECT last_error FROM schedule_entries WHERE status = 'UNKNOWN'")
    assert "set aside" in error
    before = rows("SELECT count(*) FROM check_results WHERE service_id = %s", well["id"])
    rows("UPDATE schedule_entries SET next_due_at = now()")
    seconds_until(
        lambda: (
            rows("SELECT count(*) FROM check_results WHERE service_id = %s", well["id"]) > before
        ),
        30,
    )
    assert agent.poll() is None


class Server:
    """A server that is away, refuses, or takes what it is told."""

    def __init__(self, *answers):
        self.answers, self.told = list(answers), []

    def post(self, name, body, seconds=None):
        answer = self.answers.pop(0) if self.answers else {"set_aside": []}
        if isinstance(answer, Exception):
            raise answer
        self.told.append((name, body))
        return answer

    def bodies(self, name):
        return [body for asked, body in self.told if asked == name]


def journal(count):
    return [("check", f"{uuid4()}/here/{number}") for number in range(count)]


def test_what_the_server_could_not_be_told_it_is_told_later():
    server = Server(ServerAway("no"))
    found = AgentQuarantine(server, "here")
    entries = [*journal(1), ("check", f"{uuid4()}/elsewhere/7"), ("message", str(uuid4()))]
    with pytest.raises(ServerAway):
        found.suspect(entries)
    found.report()
    found.report()
    ((key,),) = [body["in_hand"] for body in server.bodies("losses")]
    assert entries[0][1] == f"{key}/here/0"


@pytest.mark.parametrize("key", ["", "x", f"{ONE}/here", "x/here/1", f"{ONE}/here/x"])
def test_results_on_their_way_and_what_cannot_be_read_end_no_agent(key):
    server = Server()
    entries = [("check", key), *journal(1)]
    AgentQuarantine(server, "here").suspect(entries)
    (body,) = server.bodies("losses")
    assert len(body["in_hand"]) == 1


def test_more_than_a_request_takes_goes_in_several():
    server = Server()
    AgentQuarantine(server, "here").suspect(journal(1000))
    assert [len(body["in_hand"]) for body in server.bodies("losses")] == [400, 400, 200]


HELLO = {"protocol": 1, "location": "Berlin", "version": "1", "region": "here"}


def test_leases_of_a_killed_agent_are_given_back():
    server = Server(HELLO)
    exchange = HttpsExchange(server, "agent")
    leases = [[str(uuid4()), "here", number] for number in range(1, 1001)]
    exchange.give_back([*leases, [str(uuid4()), "elsewhere", 1], [str(uuid4()), "here", ALONE]])
    bodies = server.bodies("release")
    given = [one for body in bodies for one in body["leases"]]
    assert [[one["service_id"], "here", one["lease_token"]] for one in given] == leases
    assert max(len(body["leases"]) for body in bodies) <= 500


def test_a_server_of_the_release_before_takes_no_leases_back():
    exchange = HttpsExchange(Server(HELLO, ServerRefused(404, "not found")), "agent")
    exchange.give_back([[str(uuid4()), "here", 1]])


def test_a_server_of_the_release_before_keeps_no_count():
    server = Server(ServerRefused(404, "not found"))
    found = AgentQuarantine(server, "here")
    found.suspect(journal(1))
    found.report()
    assert server.bodies("losses") == []
