"""Drain session of checks on the engine of this process."""

import os
import socket
from contextlib import suppress

from redis import RedisError

from app.network.network import Network
from app.network.policy import policy_of
from app.operations.accounts.reach import Targets
from app.operations.checks import claim as checks_claim
from app.operations.checks import regions
from app.platform.bootstrap import runtime
from workers.alone_server import AloneServer
from workers.database_exchange import DatabaseExchange
from workers.engine import SESSION_SECONDS, Engine
from workers.job import application, job
from workers.recorder import Recorder
from workers.watchdog import Host

_engine: Engine | None = None


def start_engine(region: str, *, has_suspects: bool) -> Engine:
    """Make this process the host of a region's engine; of suspects some checks will run alone."""
    global _engine
    app = application()
    config = app.extensions["runtime"].config
    ca_file = config.probe_ca_file or None
    alone = AloneServer(app) if has_suspects else None
    exchange = DatabaseExchange(app, region, Recorder(app), alone)

    def network(targets: Targets) -> Network:
        return Network(policy_of(config, targets), ca_file=ca_file)

    _engine = Engine(exchange, config, network)
    return _engine


def host(region: str) -> Host:
    """Return what the watchdog of this process looks after."""
    assert _engine is not None
    engine = _engine
    name = f"{socket.gethostname()}:{os.getpid()}"
    return Host(
        is_running=lambda: engine.is_running,
        due_for_seconds=lambda: 0.0 if checks_claim.anything_due(region) else None,
        hint=lambda: runtime().hints.probes(region),
        run=engine.drain,
        pulse=lambda: regions.pulse(name, region, engine.unable_since),
    )


@job
def drain(region: str, seconds: float = SESSION_SECONDS) -> None:
    """Run due checks of a region until nothing is due, for about a minute at most."""
    if _engine is None:
        raise RuntimeError("no engine in this process: python -m workers probes")
    if _engine.drain(seconds):
        # Ask for the next session before this job ends, so that an idle worker takes it at once.
        with suppress(RedisError):  # the watchdog gives the same hint
            runtime().hints.probes(region)
