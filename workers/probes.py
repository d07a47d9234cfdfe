"""Where checks run: a drain session on the engine of this process."""

from contextlib import suppress

from redis import RedisError

from app.bootstrap import runtime
from app.network.door import Network
from app.network.policy import policy_of
from app.operations import monitoring
from workers.engine import SESSION_SECONDS, Engine
from workers.job import application, job
from workers.pump import Host

_engine: Engine | None = None


def start_engine(region: str) -> Engine:
    """Make this process the host of a region's engine."""
    global _engine
    app = application()
    config = app.extensions["runtime"].config
    ca_file = config.probe_ca_file or None
    _engine = Engine(app, region, lambda: Network(policy_of(config), ca_file=ca_file))
    return _engine


def host(region: str) -> Host:
    """Return what the pump of this process looks after."""
    assert _engine is not None
    engine = _engine
    return Host(
        is_running=lambda: engine.is_running,
        is_anything_due=lambda: monitoring.anything_due(region),
        hint=lambda: runtime().hints.probes(region),
        run=engine.drain,
    )


@job
def drain(region: str, seconds: float = SESSION_SECONDS) -> None:
    """Run due checks of a region until nothing is due, for about a minute at most."""
    if _engine is None:
        raise RuntimeError("no engine in this process: python -m workers probes")
    if _engine.drain(seconds):
        # Ask for the next session before this job ends, so that an idle worker takes it at once.
        with suppress(RedisError):  # the pump gives the same hint
            runtime().hints.probes(region)
