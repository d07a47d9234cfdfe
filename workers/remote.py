"""Agent of a location: `python -m workers remote`, an engine whose exchange is its server.

It knows ALERTIFYPRO_URL and LOCATION_KEY, and needs nothing but outbound HTTPS.
"""

import logging
import signal
import socket
import time
from types import FrameType

from app.network.network import Network
from app.network.policy import policy_of
from app.network.server_client import ServerAway, ServerClient, ServerRefused
from app.operations.accounts.reach import Targets
from app.platform import logs
from app.platform.config import AgentConfig
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
        exchange = self._connect()
        if exchange is None:
            return
        config, ca_file = self._config, self._config.probe_ca_file or None

        def network(targets: Targets) -> Network:
            strict: Targets = "public" if config.probe_targets == "public" else targets
            return Network(policy_of(config, strict), ca_file=ca_file)

        self._engine = engine = Engine(exchange, config, network)
        exchange.isolated_since = lambda: engine.isolated_since
        log.info("agent started")
        while not self._is_stopping:
            engine.drain()
        engine.close()
        log.info("agent stopped")

    def _connect(self) -> HttpsExchange | None:
        while not self._is_stopping:
            try:
                return HttpsExchange(self._client, socket.gethostname())
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


def start() -> Agent:
    """Return the agent that the environment describes. Raises ConfigError."""
    config = AgentConfig.from_env()
    logs.configure(log_format=config.log_format, level=config.log_level)
    return Agent(config)
