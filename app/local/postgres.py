"""The embedded PostgreSQL: one cluster in the state directory, on loopback, behind a password."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from app.local import LaunchError, outside, ports
from app.local.child import Child, Command, spawn
from app.local.logfiles import tail
from app.local.postgres_home import Home, can_enter, find_home
from app.local.state import StateDir, StateSecrets

USER = DATABASE = "alertifypro"
PREFERRED_PORT = 15432
SETTINGS = {
    "listen_addresses": ports.LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "100",
    # Of the 500 MB that everything may take at 2,000 services, however long it runs: they fill by
    # 4 MB a minute. What does not fit is read from the cache of the system.
    "shared_buffers": "32MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "autovacuum_naptime": "10s",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_logical_replication_workers": "0",  # a process less
    "fsync": "on",
    "synchronous_commit": "on",
    # After a crash: one call instead of a thousand. Ready again after 0.1 s instead of up to 2 s.
    "recovery_init_sync_method": "syncfs" if sys.platform == "linux" else "fsync",
}
# Three processes less; reads are then made as by the versions before.
SETTINGS_FROM_18 = {"io_method": "sync"}
THROWAWAY_SETTINGS = {"fsync": "off", "full_page_writes": "off"}
HBA = f"host all all {ports.LOOPBACK}/32 scram-sha-256\n"


class Postgres:
    """PostgreSQL server: its cluster is created when there is none."""

    name = "postgres"

    def __init__(self, state: StateDir, secrets: StateSecrets, durable: bool) -> None:
        self._state = state
        self._password = secrets.postgres_password
        self._durable = durable
        self._home: Home = find_home(state.path)
        self.data = self._data_directory(secrets.state_id)
        self._env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}
        self.port = ports.choose(PREFERRED_PORT if durable else None)
        self._hold = ports.Hold(self.port)
        self.child = self._child()

    @property
    def pid(self) -> int | None:
        return self.child.pid

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{self._password}@{ports.LOOPBACK}:{self.port}/{DATABASE}"

    def start(self) -> None:
        """Start the server, creating the cluster first. Does not wait for it."""
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster()
        self._forget_stranger()
        self.child.start()

    def move(self) -> None:
        """Take another port, because somebody else has taken this one."""
        self._hold.release()
        self.port = ports.choose(None, avoid=(self.port,))
        self._hold = ports.Hold(self.port)
        self.child = self._child()

    def release_port(self) -> None:
        """Let others have the port."""
        self._hold.release()

    def set_data_aside(self) -> str | None:
        """Return None: what this server keeps cannot be made anew."""
        return None

    def is_ready(self) -> bool:
        """True when the server accepts connections; it says so in the last line of its pid file."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except (OSError, ValueError):
            return False
        return len(lines) >= 8 and lines[0] == str(self.child.pid) and lines[7].strip() == "ready"

    def query(self, sql: str) -> str | None:
        """The first value of a query through psql; None when it fails. Far cheaper to start than
        a Python driver, which would delay every start of the product."""
        env = self._env | {"PGPASSWORD": self._password, "PGCONNECT_TIMEOUT": "5"}
        target = ("-h", ports.LOOPBACK, "-p", str(self.port), "-U", USER, "-d", DATABASE)
        try:
            answer = subprocess.run(
                [self._home.program("psql"), "-XAtq", *target, "-c", sql],
                env=env,
                cwd="/",
                capture_output=True,
                text=True,
                check=True,
            )
        except (OSError, subprocess.CalledProcessError):
            return None
        return answer.stdout.strip()

    def discard(self) -> None:
        """Remove the data of a throwaway cluster, wherever it had to be put."""
        shutil.rmtree(self.data, ignore_errors=True)
        if not self.data.is_relative_to(self._state.path):
            outside.discard(self.data.parent)

    def _data_directory(self, state_id: str) -> Path:
        # Named by major version: another one could not read it.
        name = f"pg{self._home.major}"
        os_user = self._home.os_user
        if os_user is None or can_enter(self._state.path, os_user):
            return self._state.path / name
        return outside.directory_for(self._state, state_id, self._durable) / name

    def _child(self) -> Child:
        settings = SETTINGS if self._durable else SETTINGS | THROWAWAY_SETTINGS
        if self._home.major >= 18:
            settings = settings | SETTINGS_FROM_18
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        argv = (self._home.program("postgres"), "-D", str(self.data), "-p", str(self.port))
        command = Command(
            name=self.name,
            argv=(*argv, *options),
            env=self._env,
            cwd=Path("/"),
            stop_signal=signal.SIGINT,  # a fast shutdown: do not wait for clients
            kill_signal=signal.SIGQUIT,  # SIGKILL would leave shared memory and backends behind
            death_signal=signal.SIGINT,
            os_user=self._home.os_user,
        )
        return Child(command, self._state)

    def _create_cluster(self) -> None:
        """Build the cluster beside its final name: a half-made one looks finished to PostgreSQL."""
        # A name of its own: what a killed start has left may still be written to for a moment.
        for leftover in self.data.parent.glob(f"{self.data.name}*.init"):
            shutil.rmtree(leftover, ignore_errors=True)
        building = self.data.with_suffix(f".{os.getpid()}.init")
        building.mkdir(mode=0o700)
        self._own(building)
        initdb = [self._home.program("initdb"), "-D", str(building), "-U", USER, "-A", "trust"]
        initdb += ["-E", "UTF8", *_locale(self._home.major)]
        self._run("initdb", initdb + ([] if self._durable else ["--no-sync"]))
        hba = building / "pg_hba.conf"
        hba.write_text(HBA)
        single = [self._home.program("postgres"), "--single", "-j", "-D", str(building), "postgres"]
        sql = f"ALTER ROLE {USER} PASSWORD '{self._password}';\n\nCREATE DATABASE {DATABASE};\n\n"
        self._run("initdb", single, stdin=sql)
        building.rename(self.data)

    def _run(self, name: str, argv: list[str], stdin: str = "") -> None:
        command = Command(name, tuple(argv), self._env, Path("/"), os_user=self._home.os_user)
        log = self._state.logs / f"{name}.log"
        process = spawn(command, log, stdin=subprocess.PIPE)
        process.communicate(stdin.encode())
        if process.returncode:
            raise LaunchError(f"The database could not be created:\n{tail(log)}")

    def _own(self, path: Path) -> None:
        if self._home.os_user is not None:
            os.chown(path, self._home.os_user.uid, self._home.os_user.gid)

    def _forget_stranger(self) -> None:
        """After a reboot the number in the pid file may be somebody else's, and PostgreSQL would
        refuse to start. The lock on the state directory says that nobody else can be the server."""
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split("\n", 1)[0])
            program = Path(f"/proc/{pid}/comm").read_text().strip()
        except FileNotFoundError:
            return
        except ValueError:  # damaged: PostgreSQL would not start over it
            pid_file.unlink()
            return
        except OSError:
            return
        if program != "postgres":
            pid_file.unlink()


def _locale(major: int) -> list[str]:
    if major >= 17:  # needs nothing from the machine
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C.UTF-8"]
