"""Network namespaces that hold a loopback device and nothing else, and agents within one.

Devices and addresses are made in such namespaces alone: a change of the machine's own network is
seen by whatever runs beside, and has Chromium give up what it loads (ERR_NETWORK_CHANGED).
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.certificates import authority, ca_file

ROOT = Path(__file__).parents[1]
HTTPS_PORT = 8443
NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_MACHINE = os.readlink("/proc/self/ns/net") if sys.platform == "linux" else ""


def may_make_namespaces() -> bool:
    """Say whether this process may make a network namespace."""
    command = ["unshare", "-n", "ip", "link", "set", "lo", "up"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


needs_namespaces = pytest.mark.skipif(
    not may_make_namespaces(), reason="this process may not make network namespaces"
)


def ip(*arguments: str) -> None:
    """Run a command of `ip` where this thread is, which is not the machine's own namespace."""
    assert os.readlink("/proc/thread-self/ns/net") != _MACHINE
    subprocess.run(["ip", *arguments], check=True)


@contextmanager
def own_network() -> Iterator[None]:
    """Move this thread, and what it starts meanwhile, into a namespace of its own for a while."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open("rb") as before:
        if libc.unshare(NEW_NETWORK) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        try:
            ip("link", "set", "lo", "up")
            yield
        finally:
            if libc.setns(before.fileno(), NEW_NETWORK) != 0:
                raise OSError(ctypes.get_errno(), "setns")


@contextmanager
def namespace() -> Iterator[int]:
    """Make a namespace beside that of this thread; yields the number of a process in it."""
    holder = subprocess.Popen(
        ["unshare", "-n", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"],
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout
        assert holder.stdout.readline() == b"up\n"
        yield holder.pid
    finally:
        holder.kill()
        holder.wait()


class Island:
    """Processes in a namespace of their own; one way leads out: HTTPS on its loopback."""

    def __init__(self, folder: Path, server_port: int) -> None:
        self.folder = folder
        self._server_port = server_port
        self._way = str(folder / "way.sock")
        self._certificate = folder / "server.pem"
        issued = authority().issue_cert("localhost")
        blobs = [issued.private_key_pem, *issued.cert_chain_pems]
        self._certificate.write_bytes(b"".join(blob.bytes() for blob in blobs))
        self._namespace = namespace()
        self._holder = self._namespace.__enter__()
        self._children: list[subprocess.Popen[bytes]] = []
        self.link: list[subprocess.Popen[bytes]] = []
        self.connect()

    @property
    def url(self) -> str:
        """The server's address within."""
        return f"https://localhost:{HTTPS_PORT}"

    def run(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a Python module inside."""
        return self._start(["nsenter", "-t", str(self._holder), "-n"], arguments, environment)

    def _start(
        self, before: list[str], arguments: tuple[str, ...], environment: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        child = subprocess.Popen(
            [*before, sys.executable, "-m", *arguments],
            cwd=ROOT,
            env={**kept, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._children.append(child)
        return child

    def reaches(self, port: int) -> bool:
        """Say whether a port of this machine can be reached from inside."""
        inside = ["nsenter", "-t", str(self._holder), "-n", sys.executable, "-c"]
        connect = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
        done = subprocess.run([*inside, connect], capture_output=True, check=False)
        return done.returncode == 0

    def agent(self, key: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start an agent inside: it is told of its server and its key, and of nothing else."""
        fixed = {"ALERTIFYPRO_URL": self.url, "LOCATION_KEY": key, "SERVER_CA_FILE": ca_file()}
        log = (self.folder / "agent.log").open("ab")
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        child = subprocess.Popen(
            [
                "nsenter",
                "-t",
                str(self._holder),
                "-n",
                sys.executable,
                "-m",
                "workers",
                "remote",
            ],
            cwd=ROOT,
            env={**kept, **fixed, **settings},
            stdout=log,
            stderr=log,
        )
        self._children.append(child)
        return child

    def connect(self) -> None:
        """Lay the link: a relay outside, and one inside that speaks TLS."""
        Path(self._way).unlink(missing_ok=True)
        outer = self._start([], ("tests.relay", self._way, f"127.0.0.1:{self._server_port}"), {})
        inner = self.run(
            "tests.relay", f"127.0.0.1:{HTTPS_PORT}", self._way, str(self._certificate)
        )
        for relay in (outer, inner):
            assert relay.stdout
            assert relay.stdout.readline() == b"ready\n"
        self.link = [outer, inner]

    def cut(self) -> None:
        """Kill the link."""
        for relay in self.link:
            relay.send_signal(signal.SIGKILL)
            relay.wait()

    def close(self) -> None:
        """End all of it."""
        for child in self._children:
            child.kill()
            child.wait()
        self._namespace.__exit__(None, None, None)


@contextmanager
def island(folder: Path, server_port: int) -> Iterator[Island]:
    """Run a namespace for a while."""
    found = Island(folder, server_port)
    try:
        yield found
    finally:
        found.close()
