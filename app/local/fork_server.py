"""Fork server: one process that has imported everything, of which the others are forks.

    python -m app.local.fork_server gunicorn.__main__ workers.__main__ scheduler.__main__

Forks share the memory of what was imported (70 MB each otherwise), and start at once. The launcher
asks over a socket, which is standard input here; each message is one JSON object:

    server    {"ready": true}                              once, when everything is imported
    launcher  {"argv": ["workers", "probes"], "log": PATH}  run `workers.__main__.main(["probes"])`
    server    {"forked": PID}, or {"refused": WHY} by a machine that is out of memory or processes
    server    {"exited": PID, "code": CODE}                negative: the signal, as in subprocess

The server has one thread and no open connection, so a fork inherits no lock that another thread
holds and no socket that two would read. Its forks end when it ends, and it ends with the launcher.
They run the code that was imported at the start of the product.
"""

import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress

from setproctitle import setproctitle

from app.platform import forks
from app.platform.process_end import leave

PR_SET_PDEATHSIG = 1
MESSAGE_BYTES = 65536
_HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


class ForkServer:
    """Server's end: forks what the launcher asks for, and tells it of each that ended."""

    def __init__(self, launcher: socket.socket) -> None:
        self._launcher = launcher
        self._stopping = False
        self._wakeups, self._wake = socket.socketpair()
        for each in (self._wakeups, self._wake):
            each.setblocking(False)

    def serve(self) -> list[str] | None:
        """Return what to run, in a fork; None in the server, once it is told to stop."""
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        for number in _HANDLED:
            signal.signal(number, self._notice)
        self._send(ready=True)
        while not self._stopping:
            readable, _, _ = select.select([self._launcher, self._wakeups], [], [])
            if self._wakeups in readable:
                self._wakeups.recv(4096)
                self._report_exits()
            if self._launcher in readable:
                message = self._launcher.recv(MESSAGE_BYTES)
                if not message:
                    break
                asked = json.loads(message)
                if not self._fork(asked["log"]):
                    return list(asked["argv"])
        return None

    def _notice(self, number: int, _frame: object) -> None:
        self._stopping = self._stopping or number != signal.SIGCHLD

    def _send(self, **message: object) -> None:
        with suppress(
            BrokenPipeError, ConnectionResetError
        ):  # the launcher is gone: so are we soon
            self._launcher.send(json.dumps(message).encode())

    def _report_exits(self) -> None:
        """Tell of each fork that ended before its number becomes free for another process."""
        with suppress(ChildProcessError):
            while ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                by_signal = ended.si_code != os.CLD_EXITED
                code = -ended.si_status if by_signal else ended.si_status
                self._send(exited=ended.si_pid, code=code)
                os.waitpid(ended.si_pid, 0)
                with suppress(ProcessLookupError):
                    os.kill(os.getppid(), signal.SIGCHLD)  # as if it were the launcher's own

    def _fork(self, log: str) -> bool:
        """Fork, if the machine allows it; return False in the fork."""
        here = os.getpid()
        # A signal that arrives between the fork and its own handlers waits for them.
        signal.pthread_sigmask(signal.SIG_BLOCK, _HANDLED)
        try:
            pid = os.fork()
        except OSError as error:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
            self._send(refused=str(error))
            return True
        if pid:
            with suppress(PermissionError, ProcessLookupError):
                os.setpgid(pid, pid)  # both do it: whoever comes first
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
            self._send(forked=pid)
            return True
        os.setpgid(0, 0)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if os.getppid() != here:  # it ended before the kernel knew
            os._exit(1)
        _write_to(log)
        self._forget()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDLED)
        return False

    def _forget(self) -> None:
        """Give up what is the server's own, in a fork."""
        signal.set_wakeup_fd(-1)
        for number in _HANDLED:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for each in (self._launcher, self._wakeups, self._wake):
            each.detach() if each.fileno() == 0 else each.close()


def _write_to(log: str) -> None:
    """Let standard output and error go to a log file, and standard input come from nowhere."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    try:
        output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    except OSError:  # a disk that is read-only, or gone
        output = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(nothing)
    os.close(output)


def main(modules: Sequence[str]) -> int:
    """Import modules and serve; in a fork, run what was asked for. Return the exit code.

    A module's `before_forks()` makes what its forks are to share besides; it leaves no connection.
    """
    gc.disable()  # hardly anything goes before all is imported, and to look took a fifth of it
    for name in modules:
        module = importlib.import_module(name)
        if hasattr(module, "before_forks"):
            module.before_forks()
    if len(os.listdir("/proc/self/task")) > 1:
        print("error: an import has started a thread; a fork would lose it", file=sys.stderr)
        return 1
    forks.settle()
    gc.enable()
    argv = ForkServer(socket.socket(fileno=0)).serve()
    if argv is None:
        return 0
    setproctitle(" ".join([sys.executable, "-m", *argv]))
    module = importlib.import_module(f"{argv[0]}.__main__")
    if hasattr(module, "main"):
        return int(module.main(argv[1:]))
    sys.argv = argv  # gunicorn, which reads it and ends by SystemExit
    try:
        module.run()
    except SystemExit as end:
        return _code_of(end)
    return 0


def _code_of(end: SystemExit) -> int:
    """Return the exit code that an interpreter would end with, after what it would print."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
