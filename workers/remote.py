"""Agent of a location: `python -m workers remote`, an engine whose exchange is its server.

It knows ALERTIFYPRO_URL and LOCATION_KEY, and needs nothing but outbound HTTPS.
"""

import logging
import signal
import socket
import time
from functools import partial
from pathlib import Path
from types import FrameType

from app.network.network import Network
from app.network.policy import policy_of
from app.network.server_client import ServerAway, ServerClient, ServerRefused
from app.operations.accounts.reach import Targets
from app.operations.health.quarantine import WorkKind
from app.platform import lease_journal, logs, work_journal
from app.platform.config import AgentConfig
from app.platform.crypto import digest
from workers.engine import Engine
from workers.https_exchange import HttpsExchange

log = logging.getLogger(__name__)

_RETRY_SECONDS = 2.0
_REFUSED_SECONDS = 30.0  # a key that is wrong does not become right soon


class Agent:
    """The engine of a location, until a signal says stop."""

    def __init__(self, config: AgentConfig) -> None:
        self._config = config
        self._client = ServerClient(config)
        self._engine: Engine | None = None
        self._is_stopping = False

    def run(self) -> None:
        """Find the server, and make its checks until told to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        # Agents of other locations on this machine have journals of their own.
        state_dir = self._config.state_dir / digest(self._config.location_key)[:16]
        if not work_journal.open_for_process(state_dir):
            log.warning(
                "STATE_DIR cannot be written: a check that ends this agent is not found out",
                extra={"state_dir": str(self._config.state_dir)},
            )
        lease_journal.open_for_process(state_dir, WorkKind.CHECK)
        exchange = self._connect(state_dir)
        if exchange is None:
            return
        self._engine = engine = Engine(exchange, self._config, partial(network_of, self._config))
        exchange.isolated_since = lambda: engine.unable_since
        log.info("agent started")
        while not self._is_stopping:
            engine.drain()
        engine.close()
        log.info("agent stopped")

    def _connect(self, state_dir: Path) -> HttpsExchange | None:
        while not self._is_stopping:
            try:
                exchange = HttpsExchange(self._client, socket.gethostname())
                # First: whoever claims them next is to make alone what may have ended the agent.
                work_journal.take_left_behind(state_dir, exchange.suspect)
                lease_journal.take_left_behind(state_dir, {WorkKind.CHECK: exchange.give_back})
                return exchange
            except ServerAway as error:
                log.warning("the server is away", extra={"why": str(error)})
                self._sleep(_RETRY_SECONDS)
            except ServerRefused as error:
                log.error("the server refuses this agent", extra={"why": str(error)})
                self._sleep(_REFUSED_SECONDS)
        return None

    def _sleep(self, seconds: float) -> None:
        for _ in range(int(seconds * 10)):
            if self._is_stopping:
                return
            time.sleep(0.1)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._is_stopping = True
        if self._engine is not None:
            self._engine.stop()


def network_of(config: AgentConfig, targets: Targets) -> Network:
    """Return the network of an agent, which reaches what its server and its settings allow."""
    strict: Targets = "public" if config.probe_targets == "public" else targets
    return Network(policy_of(config, strict), ca_file=config.probe_ca_file or None)


def start() -> Agent:
    """Return the agent that the environment describes. Raises ConfigError."""
    config = AgentConfig.from_env()
    logs.configure(log_format=config.log_format, level=config.log_level)
    return Agent(config)
