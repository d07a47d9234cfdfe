"""The whole product as `make run` starts it, with its own PostgreSQL and Valkey."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg

from app.domain.checks.schedule import next_due, phase_ms
from app.local import ports
from app.local.state import StateDir
from tests.bench.world import ROOT, tree_cpu_seconds, tree_of, wait_until

_READY = "AlertifyPro is ready"
_START_SECONDS = 120


class Product:
    """A running product: its launcher is the ancestor of all its processes."""

    def __init__(self, launcher: subprocess.Popen[str], state: Path, start_seconds: float) -> None:
        self.start_seconds = start_seconds
        self.pid = launcher.pid
        self._state = state

    def connect(self) -> psycopg.Connection:
        """Return an autocommit connection to its database."""
        url = StateDir(self._state).published()["DATABASE_URL"]
        return psycopg.connect(url, autocommit=True)

    def cpu_seconds(self) -> float:
        """Return the CPU time of all its processes and both servers."""
        return tree_cpu_seconds(self.pid)

    def pss_megabytes(self) -> float:
        """Return the memory of all its processes and both servers, shared pages counted once."""
        return pss_megabytes(self.pid)


@contextmanager
def product(state: Path, **environment: str) -> Iterator[Product]:
    """Start the product in a state directory, wait until it says that it is ready, stop it."""
    settings = {"HOST": "127.0.0.1", "PORT": str(ports.choose(None)), "STATE_DIR": str(state)}
    output = state.with_suffix(".log")
    began_at = time.monotonic()
    with output.open("w") as lines:
        launcher = subprocess.Popen(
            [sys.executable, "-m", "app.local", "run"],
            cwd=ROOT,
            env={**os.environ, "LOG_LEVEL": "warning", **settings, **environment},
            stdout=lines,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        is_ready = wait_until(
            lambda: _READY in output.read_text() or launcher.poll() is not None, _START_SECONDS
        )
        assert is_ready, output.read_text()
        assert launcher.poll() is None, output.read_text()
        yield Product(launcher, state, time.monotonic() - began_at)
    finally:
        launcher.send_signal(signal.SIGTERM)
        launcher.wait(60)


def pss_megabytes(root: int) -> float:
    """Return the memory of a process and its living descendants, shared pages counted once."""
    kilobytes = 0
    for pid in tree_of(root):
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue  # it ended while we looked
        for line in rollup.splitlines():
            if line.startswith("Pss:"):
                kilobytes += int(line.split()[1])
    return kilobytes / 1024


def fill(
    connection: psycopg.Connection,
    endpoint: str,
    services: int,
    interval_seconds: int,
    organizations: int = 1,
) -> None:
    """Make organizations with so many services in all, of which as many are due in each second.

    They have been GREEN since before and are due at their own times, as those of an installation
    that runs: a first check changes a status, which costs several times as much as one that changes
    nothing.
    """
    for _ in range(organizations):
        ids, now = [uuid4() for _ in range(services // organizations)], datetime.now(UTC)
        values = {
            "organization": uuid4(),
            "endpoint": endpoint,
            "seconds": interval_seconds,
            "ids": ids,
            "due_at": [
                next_due(now, interval_seconds, phase_ms(id, "default", interval_seconds))
                for id in ids
            ],
        }
        connection.execute(_ORGANIZATION, values)
        with connection.transaction():
            connection.execute(_SERVICES, values)
            connection.execute(_ENTRIES, values)
    connection.execute("ANALYZE services; ANALYZE schedule_entries")


_ORGANIZATION = """
INSERT INTO organizations (id, name, slug, plan_type, max_services, timezone, settings)
VALUES (%(organization)s, 'bench', %(organization)s::text, 'free', 1000000, 'UTC', '{}')
"""
_SERVICES = """
INSERT INTO services (id, organization_id, name, endpoint, check_type, description, environment,
    check_interval_seconds, timeout_seconds, tags, is_active, config, slow_threshold_ms,
    failure_threshold, recovery_threshold, regions, region_quorum, depends_on, status,
    status_changed_at, version)
SELECT id, %(organization)s, 'bench', %(endpoint)s, 'HTTP', '', '', %(seconds)s,
    least(%(seconds)s, 10), '{}', true, '{}', 1000, 1, 1, '{default}', 'majority', '{}', 'GREEN',
    now(), 1
FROM unnest(%(ids)s) id
"""
_ENTRIES = """
INSERT INTO schedule_entries (service_id, region, status, consecutive_failures,
    consecutive_successes, last_checked_at, last_response_time_ms, last_status_code, next_due_at)
SELECT id, 'default', 'GREEN', 0, 1, now(), 1, 200, due_at
FROM unnest(%(ids)s, %(due_at)s) AS own (id, due_at)
"""
