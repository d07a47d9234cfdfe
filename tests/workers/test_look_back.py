"""How far claims look back: as far as something may have become due since the last one."""

from workers.database_exchange import DatabaseExchange
from workers.engine import Engine


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
    engine._claimed_at -= 4.0  # that long ago
    engine._claim(10)
    first, second, third = exchange.behind
    assert first is None  # all there is
    assert 1.5 <= second < 4.0
    assert 5.5 <= third < 10.0
    engine._look_now()
    engine._loop.run_until_complete(engine._session(0.2))
    assert any(behind is None or behind >= 15.0 for behind in exchange.behind[3:])
