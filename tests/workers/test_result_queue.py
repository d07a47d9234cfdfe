"""What changes something is recorded at once, with all that waits; what changes nothing waits."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest

from app.domain.types import Status
from app.operations.snapshots.alerting import alerting_snapshots
from app.platform.clock import utcnow
from app.platform.transaction import transaction
from tests.alerting import make_rule
from tests.factories import make_service
from tests.recording import GREEN, RED, claim_of
from tests.waiting import stretched
from workers import result_queue
from workers.result_queue import ResultQueue


class Batches:
    """An exchange that keeps what it is given."""

    def __init__(self):
        self.sizes = []

    def record(self, batch, now):
        self.sizes.append(len(batch))

    def now(self):
        return utcnow()


@pytest.fixture
def claims(context, alice):
    """Return claims of services that are GREEN, with the rules that watch them."""

    def make(count=2, interval=60, status=Status.GREEN):
        found = []
        for _ in range(count):
            service = make_service(alice)
            claim = claim_of(UUID(service["id"]), "default", utcnow())
            snapshot = replace(claim.snapshot, check_interval_seconds=interval)
            with transaction() as tx:
                current = alerting_snapshots(tx, [claim.snapshot.organization_id])
            rules = current[claim.snapshot.organization_id].rules_for(claim.snapshot)
            state = claim.state._replace(status=status)
            found.append(
                claim._replace(snapshot=snapshot, state=state, service_status=status, rules=rules)
            )
        return found

    return make


def recorded(*results) -> list[int]:
    """Add results (claim, observation) and return the sizes of the batches of a quarter second."""
    recorder = Batches()

    async def story():
        async def done(_batch):
            pass

        queue = ResultQueue(asyncio.get_running_loop(), recorder, done)
        for claim, observation in results:
            queue.add(claim, observation, utcnow() + timedelta(seconds=1))
        await asyncio.sleep(stretched(0.25))
        soon = list(recorder.sizes)
        await queue.finish()
        assert sum(recorder.sizes) == len(results), "what waits is recorded at a stop"
        return soon

    return asyncio.run(story())


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    monkeypatch.setattr(result_queue, "FLUSH_SECONDS", 30)


def test_results_that_change_nothing_wait(claims):
    one, two = claims()
    assert recorded((one, GREEN), (two, GREEN)) == []


def test_a_change_takes_what_waits_with_it(claims):
    one, two = claims()
    assert recorded((one, GREEN), (two, RED)) == [2]


@pytest.mark.parametrize(
    ("status", "observation"),
    [
        (Status.RED, RED),  # a rule may count failures
        (Status.RED, GREEN),
        (Status.PENDING, GREEN),
        (Status.UNKNOWN, GREEN),
        (Status.YELLOW, GREEN._replace(status=Status.YELLOW)),
        (Status.GREEN, GREEN._replace(status=Status.UNKNOWN, error="cannot tell")),
    ],
)
def test_whatever_is_not_green_throughout_is_urgent(claims, status, observation):
    (one,) = claims(1, status=status)
    assert recorded((one, observation)) == [1]


def test_a_service_that_is_soon_due_again_does_not_wait(claims):
    (one,) = claims(1, interval=3)
    assert recorded((one, GREEN)) == [1]


def test_a_passing_result_that_a_rule_minds_is_urgent_and_so_is_the_next(claims, alice):
    make_rule(alice, condition={"metric": "response_time_ms", "operator": ">", "value": 500})
    (one,) = claims(1)
    slow = GREEN._replace(response_time_ms=900.0)
    assert recorded((one, GREEN)) == []
    assert recorded((one, slow)) == [1]
    assert recorded((one, slow), (one, GREEN)) == [2]


def test_a_rule_that_reads_history_is_urgent(claims, alice):
    make_rule(
        alice,
        condition={
            "metric": "p95_response_time_ms",
            "operator": ">",
            "value": 500,
            "window_minutes": 60,
        },
    )
    (one,) = claims(1)
    assert recorded((one, GREEN)) == [1]


@pytest.mark.parametrize(("observation", "rounds"), [(GREEN, 4), (RED, 1)])
def test_a_change_waits_one_round_for_those_that_join(claims, monkeypatch, observation, rounds):
    one, two = claims(interval=3)
    recorder, at = Batches(), utcnow() + timedelta(seconds=1)

    async def story():
        is_recorded = asyncio.Event()

        async def recorded(_batch):
            is_recorded.set()

        async def join(_seconds):
            for _ in range(result_queue._LINGER_JOINING):
                queue.add(two, GREEN, at)

        monkeypatch.setattr(
            result_queue, "asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": join})
        )
        queue = ResultQueue(asyncio.get_running_loop(), recorder, recorded)
        queue.add(one, observation, at)
        await is_recorded.wait()
        await queue.finish()

    asyncio.run(story())
    assert recorder.sizes == [1 + rounds * result_queue._LINGER_JOINING]


def test_a_full_batch_does_not_wait(claims):
    (one,) = claims(1)
    assert recorded(*[(one, GREEN)] * 200) == [200]
