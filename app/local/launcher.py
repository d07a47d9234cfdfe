"""The whole life of `make run`: start everything, say where it is, watch it, stop it."""

import contextlib
import resource
import sys
import time
from collections.abc import Mapping
from http import HTTPStatus

from app.local import LaunchError, forking, migrate, preflight, settings
from app.local.child import Child
from app.local.commands import CommandTable, product
from app.local.embedded import Embedded
from app.local.patience import Patience
from app.local.readiness import address, late_parts, ready_status
from app.local.signals import StopRequested, StopSignals
from app.local.state_watch import StateWatch
from app.local.supervisor import GRACE_SECONDS, Supervisor
from app.platform.config import Config

READY_SECONDS = 60.0
HEAD_START_SECONDS = 3.0
MOVE_SECONDS = 3.0  # for processes to end that wait for a server which is elsewhere
WORKER_SECONDS = 10.0
MANY_FILES = 16384
PUBLISHED = (
    "DATABASE_URL",
    "REDIS_URL",
    "JWT_SECRET",
    "ENCRYPTION_KEY",
    "HOST",
    "PORT",
    "BASE_URL",
    "PING_PORT",
    "STATE_DIR",
)


class Launcher:
    """One run of the product."""

    def __init__(
        self, env: Mapping[str, str], commands: CommandTable, signals: StopSignals
    ) -> None:
        self._env = settings.with_ping_port(env, settings.check(env))
        self._config: Config = settings.check(self._env)
        self._commands = commands
        self._signals = signals
        self._own_database = "DATABASE_URL" not in env
        self._own_redis = "REDIS_URL" not in env
        self._servers = Embedded(
            self._config.state_dir,
            with_postgres=self._own_database,
            with_valkey=self._own_redis,
            pause=signals.pause,
        )
        self._state = self._servers.state
        self._processes: list[Child] = []
        self._known: dict[str, str] = {}  # to the processes, besides where the servers are
        config = self._config
        self._supervisor = Supervisor(signals, say, lambda: late_parts(config.host, config.port))

    def run(self) -> None:
        """Returns after everything has been stopped again."""
        self._state.acquire()
        try:
            self._start()
            self._supervisor.watch()
        except StopRequested:
            pass
        finally:
            self._stop()

    def _start(self) -> None:
        begun = time.monotonic()
        host, port = self._config.host, self._config.port
        preflight.check_port(host, port, self._signals.pause)
        if self._config.ping_port:
            preflight.check_port(host, self._config.ping_port, self._signals.pause)
        if not (self._own_database and self._own_redis):
            preflight.check_external(self._env)
        say(f"Starting AlertifyPro; its data and logs are in {self._state.path}")
        self._servers.start()
        for line in self._servers.news:
            say(line)
        self._known = settings.complete(self._env, self._config, self._state.secrets())
        env = self._environment()
        self._state.publish(_published(env))
        self._supervisor.state_watch = StateWatch(self._state)
        self._supervisor.hold_again = self._hold_again
        self._supervisor.move_servers = self._move_servers
        read_revision = self._revision if self._own_database else None
        if migrate.upgrade(self._state, env, read_revision, self._signals.pause):
            say("The database has been brought up to date.")
        self._start_processes(forking.children(self._commands(env, self._config), self._state))
        names = ", ".join(child.command.name for child in self._supervisor.children)
        say(f"Running {names} after {time.monotonic() - begun:.1f} s; Ctrl-C stops everything.")
        if self._config.probe_targets == "operators":
            say(
                "Registration is open: organizations of others than operators check public"
                " addresses only (PROBE_TARGETS)."
            )
        say(f"AlertifyPro is ready at {address(host, port)}")

    def _start_processes(self, processes: list[Child]) -> None:
        """Start the first two, then the others, and return when those two are ready.

        All of them are busy for a moment. At once on two cores, nobody could see a page before the
        last of them is done; so the web process and a probe worker go ahead, with the fork server
        of the latter: a service added once we say "ready" is checked within its two seconds.
        """
        begun = time.monotonic()

        status: int | None = None

        def is_waited_for() -> bool:
            nonlocal status
            status = ready_status(self._config.host, self._config.port)
            return status != HTTPStatus.OK

        self._processes = processes
        self._supervisor.servers = self._servers.children
        first = 3 if any(isinstance(each, forking.ForkServerChild) for each in processes) else 2
        for process in processes[:first]:
            process.start()
        self._supervisor.processes = processes[:first]
        head_start = begun + HEAD_START_SECONDS
        goes_ahead = self._supervisor.watch_while(
            is_waited_for, lambda: time.monotonic() > head_start
        )
        for process in processes[first:]:
            process.start()
        self._supervisor.processes = processes
        # While it imports, on however slow a machine, it is waited for; once it answers, it has
        # that long to become ready.
        starting = Patience(
            READY_SECONDS,
            lambda: (
                next((each.pid for each in processes[:first] if each.pid), None)
                if status is None
                else None
            ),
        )
        if not goes_ahead and not self._supervisor.watch_while(is_waited_for, starting.is_over):
            raise LaunchError(
                f"The web process was not ready after {READY_SECONDS:g} s; see {self._state.logs}."
            )

        if self._own_database and any(each.command.name.startswith("probes") for each in processes):
            self._supervisor.watch_until(lambda: self._has_pulse(begun), WORKER_SECONDS)

    def _has_pulse(self, begun: float) -> bool:
        """Say whether a probe worker of this start has shown a sign of life."""
        since = time.monotonic() - begun
        query = f"SELECT 1 FROM worker_pulses WHERE at > now() - interval '{since:.3f} s' LIMIT 1"  # noqa: S608
        return self._servers.postgres.query(query) == "1"

    def _hold_again(self) -> None:
        self._state.hold_again()
        with contextlib.suppress(OSError):  # it is gone once more
            self._state.publish(_published(self._environment()))

    def _move_servers(self) -> None:
        """Give other ports to servers that cannot come back to theirs.

        While one was down, another program has begun to listen there, and may do so for good. The
        processes know where the servers are from their environment: all of them start anew.
        """
        moved = self._servers.move_lost()
        if not moved:
            return
        at = time.strftime("%H:%M:%S")
        for server in moved:
            say(f"{at} {server.name} moves to port {server.port}: its own was taken meanwhile")
        self._stop_processes(MOVE_SECONDS)
        env = self._environment()
        with contextlib.suppress(OSError):  # a full disk
            self._state.publish(_published(env))
        self._processes = forking.children(self._commands(env, self._config), self._state)
        self._supervisor.servers = self._servers.children
        self._supervisor.processes = self._processes

    def _environment(self) -> dict[str, str]:
        """Return the environment of the processes, with where the servers are now."""
        env = dict(self._known)
        if self._own_database:
            env["DATABASE_URL"] = self._servers.database_url
        if self._own_redis:
            env["REDIS_URL"] = self._servers.redis_url
        return env

    def _revision(self) -> str | None:
        return self._servers.postgres.query(migrate.REVISION_QUERY)

    def _stop(self) -> None:
        if self._processes:
            say("Stopping ...")
        self._state.withdraw()
        self._stop_processes()
        self._supervisor.stop(self._servers.children)
        self._servers.stop()
        if self._processes:
            say("Stopped.")

    def _stop_processes(self, grace_seconds: float = GRACE_SECONDS) -> None:
        # The fork server after its forks: they are killed when it ends.
        servers = [each for each in self._processes if isinstance(each, forking.ForkServerChild)]
        others = [each for each in self._processes if each not in servers]
        self._supervisor.stop(others, grace_seconds)
        self._supervisor.stop(servers)


def _published(env: Mapping[str, str]) -> dict[str, str]:
    """Return what others of this user may know of the environment of a running instance."""
    return {name: env[name] for name in PUBLISHED}


def run(
    environ: Mapping[str, str], commands: CommandTable = product, follow_parent: bool = False
) -> None:
    """Run the product until a signal ends it."""
    allow_many_files()
    with StopSignals(follow_parent) as signals:
        Launcher(settings.read(environ), commands, signals).run()


def allow_many_files() -> None:
    """A thousand checks and a thousand browsers are more sockets than shells usually allow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MANY_FILES if hard == resource.RLIM_INFINITY else min(MANY_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def say(line: str) -> None:
    """Tell the terminal; it may have been closed long ago."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stdout, flush=True)
