"""Embedded PostgreSQL and Valkey in one directory: for `make run`, and for the tests.

    with Embedded(directory, durable=False) as servers:
        servers.database_url, servers.redis_url, servers.postgres.pid, servers.valkey.pid

On Linux both servers end when the *thread* that started them ends, so start them from one that
lives as long as they are needed.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Protocol

from app.local import LaunchError, ports
from app.local.child import MEND_AFTER, Child
from app.local.patience import Patience
from app.local.postgres import Postgres
from app.local.state import StateDir
from app.local.valkey import Valkey

READY_SECONDS = 60.0  # after a crash there may be much to replay
STOP_SECONDS = 10.0
ATTEMPTS = 3


class Server(Protocol):
    """Server of the embedded pair, with what both have in common."""

    name: str
    port: int
    child: Child

    def start(self) -> None: ...
    def move(self) -> None: ...
    def release_port(self) -> None: ...
    def set_data_aside(self) -> str | None: ...
    def is_ready(self) -> bool: ...


class Embedded:
    """Servers embedded in a state directory that this process holds."""

    def __init__(
        self,
        state_dir: Path | str,
        *,
        durable: bool = True,
        with_postgres: bool = True,
        with_valkey: bool = True,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.state = StateDir(Path(state_dir))
        self._durable = durable
        self._wanted = (with_postgres, with_valkey)
        self._pause = pause
        self._postgres: Postgres | None = None
        self._valkey: Valkey | None = None
        self._supervision: threading.Thread | None = None
        self._stopping = threading.Event()
        self.news: list[str] = []  # what people should hear of the start

    def start(self) -> "Embedded":
        """Take the directory and return when the servers answer."""
        self.state.acquire()
        try:
            secrets = self.state.secrets()
            with_postgres, with_valkey = self._wanted
            if with_valkey:
                self._valkey = Valkey(self.state, secrets, fixed_port=self._durable)
            if with_postgres:
                self._postgres = Postgres(self.state, secrets, durable=self._durable)
            servers = self._servers()
            for server in servers:
                server.start()
            for server in servers:
                self._wait(server)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the servers and give the directory free. A throwaway cluster is removed."""
        self._stopping.set()
        if self._supervision is not None:
            self._supervision.join()
        for child in self.children:
            child.terminate()
        for child in self.children:
            if not child.wait(STOP_SECONDS):
                child.kill()
                child.wait(STOP_SECONDS)
        for server in self._servers():
            server.release_port()
        if self._postgres is not None and not self._durable:
            self._postgres.discard()
        self.state.release()

    def supervise_once(self) -> list[str]:
        """Restart what has died; returns the news."""
        return [news for child in self.children if (news := child.keep_alive())]

    def move_lost(self) -> list[Server]:
        """Move servers that cannot come back because another program has taken their port since.

        Returns those; each has another child then, which `supervise_once` starts.
        """
        moved = []
        for server in self._servers():
            child = server.child
            is_down = child.early_deaths >= MEND_AFTER and not child.is_running()
            if is_down and not ports.is_free(ports.LOOPBACK, server.port):
                with contextlib.suppress(OSError, LaunchError):  # a full disk: tried again
                    server.move()
                    moved.append(server)
        return moved

    def supervise(self, interval: float = 0.05) -> None:
        """Keep the servers alive in the background until `stop`."""

        def watch() -> None:
            while not self._stopping.wait(interval):
                self.supervise_once()

        self._supervision = threading.Thread(target=watch, name="embedded-servers", daemon=True)
        self._supervision.start()

    @property
    def children(self) -> tuple[Child, ...]:
        return tuple(server.child for server in self._servers())

    @property
    def postgres(self) -> Postgres:
        if self._postgres is None:
            raise LaunchError("The embedded PostgreSQL is not running.")
        return self._postgres

    @property
    def valkey(self) -> Valkey:
        if self._valkey is None:
            raise LaunchError("The embedded Valkey is not running.")
        return self._valkey

    @property
    def database_url(self) -> str:
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        return self.valkey.url

    def _servers(self) -> tuple[Server, ...]:
        return tuple(server for server in (self._valkey, self._postgres) if server is not None)

    def _wait(self, server: Server) -> None:
        patience = Patience(READY_SECONDS, lambda: server.child.pid)
        attempts = 1
        while not server.is_ready():
            child = server.child
            if not child.is_running():
                # Another program may have taken the port since we looked.
                taken = not ports.is_free(ports.LOOPBACK, server.port)
                if not taken and (news := server.set_data_aside()):
                    self.news.append(news)
                    server.start()
                    continue
                if attempts == ATTEMPTS:
                    raise LaunchError(f"{server.name} cannot start:\n{child.last_lines()}")
                attempts += 1
                if taken:  # else whoever had it may just have looked, as we do
                    server.move()
                server.start()
            elif patience.is_over():
                raise LaunchError(
                    f"{server.name} was not ready after {READY_SECONDS:g} s; see {child.log}."
                )
            self._pause(0.01)

    def __enter__(self) -> "Embedded":
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
