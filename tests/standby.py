"""A PostgreSQL primary with a streaming standby, both real and thrown away afterwards."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.local import ports, postgres
from app.local.embedded import Embedded
from app.local.postgres_home import find_home
from tests.free_ports import free_port
from tests.waiting import seconds_until

_REPLICATION = f"host replication all {ports.LOOPBACK}/32 scram-sha-256\n"


@dataclass(frozen=True)
class Pair:
    """Where both listen, and the standby's process."""

    primary_url: str
    standby_url: str
    standby: "subprocess.Popen[bytes]"

    def ask(self, url: str, statement: str) -> Any:
        """Return the one value of a statement at one of the two."""
        with psycopg.connect(url, autocommit=True) as connection:
            row = connection.execute(statement).fetchone()
            return row[0] if row else None

    def catch_up(self) -> None:
        """Commit something on the primary, and wait until the standby has replayed all of it."""
        self.ask(self.primary_url, "SELECT pg_current_xact_id()")
        position = self.ask(self.primary_url, "SELECT pg_current_wal_lsn()::text")
        replayed = f"SELECT pg_last_wal_replay_lsn() >= '{position}'::pg_lsn"
        seconds_until(lambda: self.ask(self.standby_url, replayed), 10)

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Let the standby catch up, and replay nothing more within the block."""
        self.catch_up()
        self.ask(self.standby_url, "SELECT pg_wal_replay_pause()::text")
        paused = "SELECT pg_get_wal_replay_pause_state() = 'paused'"
        seconds_until(lambda: self.ask(self.standby_url, paused), 10)
        try:
            yield
        finally:
            self.ask(self.standby_url, "SELECT pg_wal_replay_resume()::text")


@contextmanager
def pair() -> Iterator[Pair]:
    """Run both; yield them once the standby follows the primary."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres, "THROWAWAY_SETTINGS", {"fsync": "off"})  # a copy needs whole pages
        with (
            tempfile.TemporaryDirectory(prefix="primary-") as folder,
            Embedded(folder, durable=False) as embedded,
        ):
            primary = embedded.postgres
            hba = primary.data / "pg_hba.conf"
            hba.write_text(hba.read_text() + _REPLICATION)
            with psycopg.connect(primary.url, autocommit=True) as connection:
                connection.execute("SELECT pg_reload_conf()")
            with _standby_of(primary.url, Path(folder)) as both:
                yield both


@contextmanager
def _standby_of(primary_url: str, state: Path) -> Iterator[Pair]:
    home = find_home(state)
    user = home.os_user
    data = Path(tempfile.mkdtemp(prefix="standby-"))  # its mode is the one PostgreSQL asks for
    if user is not None:
        os.chown(data, user.uid, user.gid)
    options: dict[str, Any] = {
        "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "HOME": "/"},
        "cwd": "/",
        "user": user.uid if user else None,
        "group": user.gid if user else None,
        "extra_groups": [] if user else None,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }
    try:
        copy = ("-d", primary_url, "-D", str(data), "-R", "-c", "fast", "-N")
        seconds_until(  # the new line of pg_hba.conf counts from a moment after it is read
            lambda: (
                subprocess.run([home.program("pg_basebackup"), *copy], **options).returncode == 0
            ),
            10,
        )
        port = free_port()
        settings = ("-c", f"listen_addresses={ports.LOOPBACK}", "-c", "unix_socket_directories=")
        argv = [home.program("postgres"), "-D", str(data), "-p", str(port), *settings]
        process = subprocess.Popen([*argv, "-c", "fsync=off"], **options)
        try:
            found = Pair(primary_url, primary_url.replace(_port(primary_url), f":{port}/"), process)
            seconds_until(lambda: _follows(found), 10)
            yield found
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(10)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _port(url: str) -> str:
    return f":{url.rpartition(':')[2].partition('/')[0]}/"


def _follows(both: Pair) -> bool:
    try:
        found = both.ask(both.standby_url, "SELECT pg_last_xact_replay_timestamp()")
    except psycopg.OperationalError:
        return False
    # A copy of a primary at rest has nothing to replay, and so no time of a last commit.
    both.ask(both.primary_url, "SELECT pg_current_xact_id()")
    return found is not None
