"""One supervised process: started, kept alive with a growing pause, stopped, never left behind."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.local import leftovers
from app.local.logfiles import rotate, tail
from app.local.state import StateDir

RESTART_PAUSES = (0.05, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_SECONDS = 3.0  # who lived this long may be restarted without a pause
MEND_AFTER = 3  # early deaths in a row
PROOF_SECONDS = 10.0  # who lived this long once is able to start
PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class OsUser:
    """The unprivileged user a process runs as when the launcher is root."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Command:
    """Command to run, and how to end it."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    stop_signal: signal.Signals = signal.SIGTERM
    kill_signal: signal.Signals = signal.SIGKILL
    death_signal: signal.Signals = signal.SIGKILL  # sent when the launcher itself is killed
    os_user: OsUser | None = None
    forks: bool = False  # `python -m MODULE ...` that the fork server can run


class Process(Protocol):
    """Process that can be supervised; `subprocess.Popen` is one."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def send_signal(self, sig: int, /) -> None: ...
    def wait(self, timeout: float) -> int: ...


class Child:
    """A command and the process that currently runs it."""

    def __init__(
        self, command: Command, state: StateDir, mend: Callable[[], str | None] = lambda: None
    ) -> None:
        """`mend` is called when the process dies early again and again; it returns news."""
        self.command = command
        self._mend = mend
        self.log = state.logs / f"{command.name}.log"
        self.early_deaths = 0  # in a row
        self.false_starts = 0  # ended by itself before it ever proved that it can live
        self.exit_code = 0
        self._could_start = True
        self._pid_file = state.pids / f"{command.name}.pid"
        self._process: Process | None = None
        self._is_proved = False
        self._started_at = 0.0
        self._restart_at = 0.0
        self._log_start = 0
        self._log_place: tuple[int, int] | None = None  # of the file that the process writes to

    @property
    def pid(self) -> int | None:
        """The process number while it runs."""
        return self._process.pid if self.is_running() and self._process else None

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> bool:
        """Start the process with its output in its own log file; False when that must wait."""
        with contextlib.suppress(OSError):  # a full disk
            rotate(self.log)
        log_start = self.log.stat().st_size if self.log.exists() else 0
        self._log_place = _place(self.log) if can_append(self.log) else None
        self._process = self._spawn()
        if self._process is None:
            self._restart_at = time.monotonic() + RESTART_PAUSES[0]
            return False
        self._log_start = log_start
        self._started_at = time.monotonic()
        with contextlib.suppress(OSError):  # a full disk: only the next launcher would read it
            leftovers.remember(self._pid_file, self._process.pid, self.command.death_signal)
        return True

    def writes_elsewhere(self) -> bool:
        """Say whether the process runs and its log is not the file that is there now."""
        return self.is_running() and self._log_place != _place(self.log)

    def keep_alive(self) -> str | None:
        """Restart the process when it is gone and its pause is over; returns news for people."""
        if self._process is None:
            return self._start_again() if time.monotonic() >= self._restart_at else None
        exit_code = self._process.poll()
        if exit_code is None:
            return None
        self.kill()  # a master killed with -9 leaves its workers, and they hold its port
        self._process = None
        self.exit_code = exit_code
        now = time.monotonic()
        lived = now - self._started_at
        self._is_proved = self._is_proved or lived >= PROOF_SECONDS
        self.false_starts += exit_code > 0 and not self._is_proved
        self.early_deaths = 0 if lived >= STEADY_SECONDS else self.early_deaths + 1
        pause = RESTART_PAUSES[min(self.early_deaths, len(RESTART_PAUSES) - 1)]
        self._restart_at = now + pause
        when = f" in {pause:g} s" if pause >= 1 else ""
        if self.early_deaths == MEND_AFTER:
            with contextlib.suppress(OSError):  # a full disk: what is there is as good as it was
                if mended := self._mend():
                    return mended
        return f"{self.command.name} {describe_exit(exit_code)}; starting it again{when}"

    def _start_again(self) -> str | None:
        """Start what is gone. A machine that is out of memory, processes or disk may refuse that;
        then it is tried again, and said once."""
        is_first = not self._started_at
        try:
            if not self.start():
                return None
        except (OSError, subprocess.SubprocessError) as error:
            self._restart_at = time.monotonic() + RESTART_PAUSES[-1]
            if not self._could_start:
                return None
            self._could_start = False
            return f"{self.command.name} cannot be started now, and is tried again: {error}"
        self._could_start = True
        return None if is_first else f"{self.command.name} runs again (process {self.pid})"

    def hurry(self) -> None:
        """Start again at once what waits: what kept it from starting is over."""
        self.early_deaths, self._restart_at = 0, 0.0

    def seconds_to_restart(self) -> float | None:
        """How long until `keep_alive` has something to do; None while the process runs."""
        return None if self._process else max(0.0, self._restart_at - time.monotonic())

    def terminate(self) -> None:
        """Ask the process to end."""
        if self._process is not None and self.is_running():
            self._process.send_signal(self.command.stop_signal)

    def kill(self) -> None:
        """End the process and its own children at once."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, self.command.kill_signal)

    def wait(self, seconds: float) -> bool:
        """True when the process ended within that time."""
        if self._process is not None:
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                return False
        with contextlib.suppress(OSError):  # a disk that is read-only
            self._pid_file.unlink(missing_ok=True)
        return True

    def _spawn(self) -> Process | None:
        """Return a new process; None when it cannot be started yet."""
        return spawn(self.command, self.log)

    def last_lines(self) -> str:
        """The end of what the latest process wrote, for an error message."""
        return tail(self.log, since=self._log_start)


def spawn(
    command: Command, log: Path, stdin: int = subprocess.DEVNULL
) -> "subprocess.Popen[bytes]":
    """Start a command in its own process group, so that Ctrl-C reaches only the launcher.

    Where no log can be written, its output goes nowhere: what needs no disk goes on without one.
    """
    os_user = command.os_user
    with (log if can_append(log) else Path(os.devnull)).open("ab") as output:
        return subprocess.Popen(
            command.argv,
            env=dict(command.env),
            cwd=command.cwd,
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
            user=os_user.uid if os_user else None,
            group=os_user.gid if os_user else None,
            extra_groups=[] if os_user else None,
            preexec_fn=_die_with(os.getpid(), command.death_signal),
        )


def can_append(log: Path) -> bool:
    """Say whether a log can be written, which is created where there is none."""
    try:
        with log.open("ab"):
            return True
    except OSError:
        return False


def _place(log: Path) -> tuple[int, int] | None:
    try:
        found = log.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def run_to_end(command: Command, log: Path, pause: Callable[[float], None]) -> int:
    """Run a command that ends by itself; `pause` may raise to give it up."""
    process = spawn(command, log)
    try:
        while process.poll() is None:
            pause(0.02)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def describe_exit(exit_code: int) -> str:
    """An exit code in words."""
    if exit_code < 0:
        return f"was ended by {signal.Signals(-exit_code).name}"
    return f"exited with code {exit_code}"


def _die_with(parent: int, death_signal: signal.Signals) -> Callable[[], None] | None:
    libc = _LIBC
    if libc is None:
        return None

    def arrange() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # the launcher was killed before the kernel knew
            os._exit(1)

    return arrange
