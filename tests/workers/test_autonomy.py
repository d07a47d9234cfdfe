"""An agent without its server: the same grid, each due time once, results kept until it is back."""

import itertools
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from app.network.server_client import ServerAway, ServerRefused
from app.platform.clock import utcnow
from tests.factories import make_service
from tests.recording import claim_of
from workers import outbox as outboxes
from workers.autonomy import ALONE, Autonomy
from workers.outbox import Outbox

REGION = "default"


@pytest.fixture
def claim(context, alice):
    service = make_service(alice, check_interval_seconds=10)
    return claim_of(UUID(service["id"]), REGION, utcnow())


def test_it_goes_on_on_the_grid_and_does_nothing_twice(claim):
    autonomy = Autonomy(REGION)
    autonomy.saw(claim)
    now = claim.scheduled_for
    found = [one for s in range(0, 61) for one in autonomy.due(now + timedelta(seconds=s), 1.5, 10)]
    times = [one.scheduled_for for one in found]
    assert len(times) in (6, 7)
    assert len(set(times)) == len(times)
    assert all(b - a == timedelta(seconds=10) for a, b in itertools.pairwise(times))
    assert times[0] > claim.scheduled_for
    assert {one.lease_token for one in found} == {ALONE}


def test_missed_due_times_are_folded(claim):
    autonomy = Autonomy(REGION)
    autonomy.saw(claim)
    now = claim.scheduled_for + timedelta(seconds=45)
    found = autonomy.due(now, 0, 10)
    assert len(found) == 1
    assert now - timedelta(seconds=10) < found[0].scheduled_for <= now


def test_what_was_not_handed_out_for_long_is_left_alone(claim):
    autonomy = Autonomy(REGION)
    autonomy.saw(claim)
    assert autonomy.due(claim.scheduled_for + timedelta(seconds=100), 1.5, 10) == []


def test_a_new_version_takes_the_place_of_the_old(claim):
    autonomy = Autonomy(REGION)
    autonomy.saw(claim)
    newer = replace(claim.snapshot, version=claim.snapshot.version + 1)
    autonomy.saw(claim._replace(snapshot=newer, scheduled_for=claim.scheduled_for))
    (found,) = autonomy.due(claim.scheduled_for + timedelta(seconds=10), 0, 10)
    assert found.snapshot is newer


class Server:
    """A server that is away, refuses, or takes what it is given."""

    def __init__(self):
        self.taken, self.answers = [], []

    def post_packed(self, name, data, seconds):
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, Exception):
            raise answer
        self.taken.append(data)
        return answer


def test_results_wait_in_order_until_they_are_taken():
    server = Server()
    box = Outbox(server)
    for number in range(3):
        box.add([{"number": number}])
    server.answers = [{}, ServerAway("no")]
    with pytest.raises(ServerAway):
        box.deliver()
    assert (len(box), len(server.taken)) == (2, 1)
    box.deliver()
    assert len(box) == 0
    assert len(set(server.taken)) == 3


def test_what_comes_too_early_is_delivered_again_later(monkeypatch):
    server = Server()
    box = Outbox(server)
    box.add([{}])
    server.answers = [{"too_early": 1}]
    box.deliver()
    box.deliver()
    assert (len(box), len(server.taken)) == (1, 1)
    monkeypatch.setattr(outboxes, "monotonic", lambda: 10**9 - 1.0)
    monkeypatch.setattr(outboxes, "KEPT_SECONDS", 10**10)
    box.deliver()
    assert (len(box), len(server.taken)) == (0, 2)


def test_a_key_that_is_void_loses_nothing_by_itself_and_a_refusal_is_final():
    server = Server()
    box = Outbox(server)
    box.add([{}])
    server.answers = [ServerRefused(401, "no")]
    with pytest.raises(ServerAway):
        box.deliver()
    assert len(box) == 1
    server.answers = [ServerRefused(404, "not found")]
    box.deliver()
    assert len(box) == 0


def test_an_hour_is_enough_and_so_is_the_room(monkeypatch):
    server = Server()
    box = Outbox(server)
    box.add([{}])
    now = outboxes.monotonic()
    monkeypatch.setattr(outboxes, "monotonic", lambda: now + 3601)
    box.deliver()
    assert (len(box), server.taken) == (0, [])
    monkeypatch.setattr(outboxes, "KEPT_BYTES", 100)
    for number in range(50):
        box.add([{"number": number}])
    assert 0 < len(box) < 50


def test_a_batch_is_cut_into_what_the_server_takes():
    server = Server()
    box = Outbox(server)
    box.add([{"evidence": "x" * 400_000}] * 5)
    box.add([{}] * 1200)
    box.deliver()
    assert len(server.taken) >= 3 + 3
