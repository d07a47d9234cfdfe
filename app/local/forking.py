"""The launcher's end of the fork server: processes that are forks of it, supervised like others."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from app.local.child import Child, Command, Process, spawn
from app.local.fork_server import MESSAGE_BYTES
from app.local.state import StateDir

NAME = "fork-server"
_ANSWER_SECONDS = 10.0
_POLL_SECONDS = 0.01


class _Connection:
    """Connection to one run of the fork server: what it was asked and has told."""

    def __init__(self, server: socket.socket) -> None:
        self._server = server
        self._exit_codes: dict[int, int] = {}
        self._answers: list[int | str] = []  # the number of a fork, or why there is none
        self.is_ready = False
        self.is_open = True

    def read(self, seconds: float = 0.0) -> None:
        """Take in what the server has told since, or tells within a time."""
        while self.is_open and select.select([self._server], [], [], seconds)[0]:
            message = b""
            with suppress(OSError):
                message = self._server.recv(MESSAGE_BYTES)
            if not message:
                self._close()
                return
            self._take_in(json.loads(message))
            seconds = 0.0

    def fork(self, command: Command, log: Path) -> int | None:
        """Return the number of a new process; None while the server is not there.

        Raises OSError where the machine refuses one.
        """
        self.read()
        if not self.is_ready:
            return None
        request = {"argv": command.argv[2:], "log": str(log)}
        try:
            self._server.send(json.dumps(request).encode())
        except OSError:
            self._close()
        deadline = time.monotonic() + _ANSWER_SECONDS
        while self.is_open and not self._answers and time.monotonic() < deadline:
            self.read(_ANSWER_SECONDS)
        answer = self._answers.pop() if self._answers else None
        if isinstance(answer, str):
            raise OSError(answer)
        return answer

    def exit_code(self, pid: int) -> int | None:
        """Return how a fork ended; None while it runs. All end together with the server."""
        self.read()
        code = self._exit_codes.pop(pid, None)
        return -signal.SIGKILL if code is None and not self.is_open else code

    def _take_in(self, told: dict[str, Any]) -> None:
        if "ready" in told:
            self.is_ready = True
        elif "exited" not in told:
            self._answers.append(told.get("forked") or str(told["refused"]))
        else:
            self._exit_codes[told["exited"]] = told["code"]

    def _close(self) -> None:
        self.is_ready = self.is_open = False
        self._server.close()


class ForkServerChild(Child):
    """The fork server itself, a child of the launcher."""

    _connection: _Connection | None = None

    @property
    def is_ready(self) -> bool:
        """Whether it has imported everything and forks what it is asked for."""
        if self._connection is None:
            return False
        self._connection.read()
        return self._connection.is_ready

    def writes_elsewhere(self) -> bool:
        """Say no: it stays, as all its forks end with it, and each opens its log itself."""
        return False

    def fork(self, command: Command, log: Path) -> "ForkedProcess | None":
        """Start a command as a fork; None while the server is not ready. Raises OSError."""
        if self._connection is None:
            return None
        pid = self._connection.fork(command, log)
        return None if pid is None else ForkedProcess(self._connection, pid)

    def _spawn(self) -> Process | None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = spawn(self.command, self.log, stdin=theirs.fileno())
        self._connection = _Connection(ours)
        return process


def children(commands: Sequence[Command], state: StateDir) -> list[Child]:
    """Return a child for each command, with the fork server behind the first if any needs it."""
    forking = [each for each in commands if each.forks]
    if not forking:
        return [Child(each, state) for each in commands]
    modules = dict.fromkeys(f"{each.argv[2]}.__main__" for each in forking)
    argv = (sys.executable, "-m", "app.local.fork_server", *modules)
    server = ForkServerChild(Command(NAME, argv, forking[0].env, forking[0].cwd), state)
    made = [
        ForkedChild(each, state, server) if each.forks else Child(each, state) for each in commands
    ]
    return [*made[:1], server, *made[1:]]


class ForkedProcess:
    """A fork of the fork server, with what a `subprocess.Popen` offers to `Child`."""

    def __init__(self, connection: _Connection, pid: int) -> None:
        self._connection = connection
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""
        if self.returncode is None:
            self.returncode = self._connection.exit_code(self.pid)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Return the exit code. Raises subprocess.TimeoutExpired."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(_POLL_SECONDS)
        return code


class ForkedChild(Child):
    """A supervised process that the fork server makes."""

    def __init__(self, command: Command, state: StateDir, server: ForkServerChild) -> None:
        super().__init__(command, state)
        self._server = server

    def _spawn(self) -> Process | None:
        return self._server.fork(self.command, self.log)
