"""How far claims look back: as far as something may have become due since the last one."""

import pytest

from workers.database_exchange import DatabaseExchange
from workers.engine import Engine
from workers.look_back import LookBack


@pytest.mark.parametrize(("took", "pause"), [(0.0, 1.0), (0.002, 1.0), (0.05, 5.0), (3.0, 10.0)])
def test_a_look_at_all_that_is_overdue_takes_a_hundredth_of_the_time(took, pause):
    look_back = LookBack()
    assert look_back.seconds(100.0) is None
    look_back.claimed(100.0, 100.0 + took, is_full=False)
    assert look_back.seconds(100.0 + pause - 0.1) == pytest.approx(pause - 0.1 + 1.5)
    assert look_back.seconds(100.0 + pause + 0.1) is None


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
    assert 1.5 <= second < 4.0
    engine._look_now()
    engine._loop.run_until_complete(engine._session(0.2))
    assert any(behind is None or behind >= 15.0 for behind in exchange.behind[2:])
