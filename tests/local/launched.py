"""A launcher in a process of its own, for tests that kill it and read what it says."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from app.local import ports
from app.local.settings import PROJECT
from tests import installations
from tests.waiting import crowding, seconds_until, stretched

PATIENCE_SECONDS = 40.0
TOYS = (str(PROJECT / "tests" / "local" / "toys.py"),)
PRODUCT = ("-m", "app.local", "run")
OURS = ("DATABASE_URL", "REDIS_URL", "JWT_SECRET", "ENCRYPTION_KEY", "HOST", "PORT", "STATE_DIR")


def environment(state: Path, port: int, **more: str) -> dict[str, str]:
    """The environment of this process without settings, and with those given."""
    inherited = {name: value for name, value in os.environ.items() if name not in OURS}
    fixed = {"STATE_DIR": str(state), "PORT": str(port), "PYTHONPATH": str(PROJECT)}
    return inherited | fixed | more


class Launched:
    """Start on entry, kill on exit whatever the test has left."""

    def __init__(
        self,
        state: Path,
        *,
        program: tuple[str, ...] = TOYS,
        is_prepared: bool = True,
        **settings: str,
    ) -> None:
        """`is_prepared`: where nothing is yet, it finds a cluster, as at its second start; the
        product finds it migrated."""
        self.state = state
        kind = installations.MIGRATED if program is PRODUCT else installations.EMPTY
        self._prepared = kind if is_prepared else None
        self.port = int(settings.pop("PORT", 0)) or ports.choose(None)
        self.lines: list[str] = []
        self._arriving: queue.Queue[str | None] = queue.Queue()
        self._env = environment(state, self.port, **settings)
        self._argv = [sys.executable, *program]

    def __enter__(self) -> "Launched":
        if self._prepared:
            installations.put(self.state, self._prepared)
        self.process = subprocess.Popen(
            self._argv,
            env=self._env,
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(stretched(20))
        finally:
            self.process.kill()

    def until(self, text: str) -> str:
        """Wait for a line that contains the text."""
        left = PATIENCE_SECONDS
        while left > 0:
            began = time.monotonic()
            try:
                line = self._arriving.get(timeout=1)
            except queue.Empty:
                line = ""
            left -= (time.monotonic() - began) / crowding()
            if line is None:
                raise AssertionError(f"ended without {text!r}: {self.lines}")
            if line and text in line:
                return line
        raise AssertionError(f"no {text!r} in time: {self.lines}")

    def ready(self) -> "Launched":
        self.until("ready at")
        return self

    def child(self, name: str) -> int:
        """The process number of a child, from its pid file."""
        return int((self.state / "pids" / f"{name}.pid").read_text().split()[0])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; returns its exit code."""
        self.process.send_signal(number)
        return self.finish()

    def finish(self) -> int:
        code = self.process.wait(stretched(PATIENCE_SECONDS))
        while self._arriving.get(timeout=stretched(5)) is not None:
            pass
        return code

    def said(self) -> str:
        return "\n".join(self.lines)

    def get(self, path: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return int(answer.status)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            self._arriving.put(line)
        self._arriving.put(None)


def survivors(state: Path) -> dict[int, str]:
    """Processes that have to do with a state directory, by their command line, environment or
    working directory."""
    mark = str(state).encode()
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            directory = os.fsencode((entry / "cwd").readlink())
            traces = (command, (entry / "environ").read_bytes(), directory)
        except OSError:
            continue
        if any(mark in trace for trace in traces) and int(entry.name) != os.getpid():
            found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace")
    return found


def eventually_none_survive(state: Path, seconds: float = 5.0) -> None:
    """Assert that within some seconds nothing is left."""
    with suppress(AssertionError):
        seconds_until(lambda: not survivors(state), seconds)
    assert survivors(state) == {}
