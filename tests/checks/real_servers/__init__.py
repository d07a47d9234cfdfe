"""Servers of Debian that people run, on 127.0.0.1, with what they write into their logs.

Whoever lacks a package skips its tests: mariadb-server, redis-server, openssh-server,
dovecot-imapd, dovecot-pop3d, postfix, vsftpd, mosquitto, bind9, unbound, slapd.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.domain.types import Status
from tests import certificates
from tests.checks.servers import wait_for
from tests.loopback import go, probe
from tests.waiting import stretched

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def needs(package: str, *programs: str) -> pytest.MarkDecorator:
    """Return a mark that skips a test where a program of a Debian package is missing."""
    missing = [name for name in programs if found(name) is None]
    return pytest.mark.skipif(
        bool(missing) or os.geteuid() != 0,
        reason=f"needs root and {', '.join(programs)} ({package} of Debian)",
    )


def found(program: str) -> str | None:
    """Return the path of a program, also of one that only root has on its path."""
    return shutil.which(program, path=_SYSTEM_PATH)


@dataclass
class RealServer:
    """A running server: where it listens, and the log it writes."""

    home: Path
    ports: Sequence[int]
    log_file: Path

    def endpoint(self, index: int = 0, host: str = "localhost") -> str:
        """Return host:port of one of its ports."""
        return f"{host}:{self.ports[index]}"

    def log(self, settle: float = 0.15) -> str:
        """Return what it has logged, once nothing more is written for a moment."""
        seen = -1
        while (size := self.log_file.stat().st_size) != seen:
            seen = size
            time.sleep(stretched(settle))
        return self.log_file.read_text(errors="replace")

    def forget(self) -> None:
        """Empty the log."""
        self.log()
        os.truncate(self.log_file, 0)


@contextmanager
def home_of(name: str) -> Iterator[Path]:
    """Yield a directory with a certificate for localhost that other users may read."""
    with tempfile.TemporaryDirectory(prefix=f"alertifypro-{name}-") as directory:
        home = Path(directory)
        home.chmod(0o755)
        issued = certificates.authority().issue_cert("localhost", "127.0.0.1")
        issued.private_key_pem.write_to_path(str(home / "key.pem"))
        issued.cert_chain_pems[0].write_to_path(str(home / "cert.pem"))
        (home / "key.pem").chmod(0o644)
        (home / "log").touch()
        (home / "log").chmod(0o666)
        yield home


@contextmanager
def running(home: Path, command: Sequence[str], ports: Sequence[int]) -> Iterator[RealServer]:
    """Run a server in the foreground, its output in `log`, until the block ends."""
    with (home / "log").open("ab") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        for port in ports:
            wait_for(port)
        yield RealServer(home, ports, home / "log")
    except TimeoutError as error:
        raise AssertionError((home / "log").read_text()) from error
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def scoped(context, *options):
    """Return a fixture of the module: a server that runs for all of its tests."""

    def fixture():
        with context(*options) as server:
            yield server

    return pytest.fixture(scope="module")(fixture)


def ask(kind, endpoint, config=None, **options):
    """Return what a check sees of an endpoint."""
    return go(probe(kind, endpoint, config, **options))


def expect(observation, reason=None):
    """Expect GREEN, or RED for a reason."""
    if reason is None:
        assert observation.status in (Status.GREEN, Status.YELLOW), observation.error
    else:
        assert observation.status is Status.RED
        assert reason in observation.error
