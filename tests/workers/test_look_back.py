"""How far claims look back: as far as something may have become due since the last one."""

from dataclasses import replace
from time import monotonic, sleep

import pytest

from tests.waiting import stretched
from workers.database_exchange import DatabaseExchange
from workers.engine import Engine
from workers.look_back import LookBack

BOUNDED = 0.001  # seconds that a claim takes which looks back only to the last one


def _next_unbounded(look_back, at, took):
    """Return when the next claim without a bound comes, after one at `at` and a bounded one."""
    assert look_back.seconds(at) is None
    look_back.claimed(at, at + took, is_full=False)
    look_back.claimed(at + 0.5, at + 0.5 + BOUNDED, is_full=False)
    return next(
        at + tenth / 10 for tenth in range(1, 200) if look_back.seconds(at + tenth / 10) is None
    )


@pytest.mark.parametrize(("took", "pause"), [(0.0, 1.0), (0.006, 1.0), (0.051, 5.0), (3.0, 10.0)])
def test_a_look_at_all_that_is_overdue_takes_a_hundredth_of_the_time(took, pause):
    look_back, at = LookBack(), 100.0
    for _ in range(4):
        before, at = at, _next_unbounded(look_back, at, took)
    assert at - before == pytest.approx(pause, abs=0.11)
    assert look_back.seconds(before + 0.9) == pytest.approx(0.4 + 1.5)


@pytest.mark.parametrize("long", [0, 1, 2, 5, 6])
def test_claims_that_a_busy_machine_made_long_hide_no_lease_that_ran_out(long):
    look_back, at = LookBack(), 100.0
    for number in range(8):
        before, at = at, _next_unbounded(look_back, at, 2.0 if number == long else 0.002)
        assert at - before == pytest.approx(1.0, abs=0.11)


def test_where_all_claims_are_long_it_is_not_what_is_overdue_that_costs():
    look_back, at = LookBack(), 100.0
    for _ in range(5):
        look_back.claimed(at, at + 0.3, is_full=False)
        look_back.claimed(at + 0.5, at + 0.8, is_full=False)
        assert look_back.seconds(at + 1.0) is None
        at += 1.0


def test_a_full_claim_may_have_left_what_is_older():
    look_back = LookBack()
    look_back.claimed(100.0, 100.0, is_full=True)
    assert look_back.seconds(100.1) is None


class NothingDue(DatabaseExchange):
    """The database's claims, which also says how far back each of them looked."""

    def __init__(self, app):
        super().__init__(app, "default", recorder=None)
        self.behind = []

    def claim(self, limit, ahead_seconds, behind_seconds):
        self.behind.append(behind_seconds)
        return super().claim(limit, ahead_seconds, behind_seconds)


def test_a_claim_looks_back_beyond_the_last_one_and_further_when_woken(context):
    exchange = NothingDue(context)
    engine = Engine(exchange, context.extensions["runtime"].config, lambda _: None)
    engine._claim(10)
    engine._claim(10)
    first, second = exchange.behind
    assert first is None  # all there is
    assert 1.5 <= second < stretched(4.0)
    engine._look_now()
    engine._loop.run_until_complete(engine._session(0.2))
    assert any(behind is None or behind >= 15.0 for behind in exchange.behind[2:])


class LongPolls(NothingDue):
    """Claims that wait for something to be due, the longer the further they look back."""

    def claim(self, limit, ahead_seconds, behind_seconds):
        claimed, tasks = super().claim(limit, ahead_seconds, behind_seconds)
        if behind_seconds is None:
            sleep(0.3)
        return replace(claimed, claim_seconds=0.001), tasks


def test_the_wait_of_a_long_poll_is_no_cost_of_the_claim(context):
    exchange = LongPolls(context)
    engine = Engine(exchange, context.extensions["runtime"].config, lambda _: None)
    began_at = monotonic()
    while monotonic() - began_at < 1.0 or exchange.behind[-1] is not None:
        engine._claim(10)
        assert monotonic() - began_at < 10, "a claim without a bound comes within a second"
    assert exchange.behind.count(None) >= 2
