"""What the benchmarks share: servers, a seeded database, worker processes, and their CPU time."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
from alembic import command
from alembic.config import Config as AlembicConfig

from app.local.embedded import Embedded
from tests import installations
from tests.waiting import seconds_until

ROOT = Path(__file__).parents[2]
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class World:
    """Running servers and a migrated database."""

    servers: Embedded
    environment: Mapping[str, str]
    target_port: int

    def connect(self) -> psycopg.Connection:
        """Return an autocommit connection to the database."""
        return psycopg.connect(self.servers.database_url, autocommit=True)

    @contextmanager
    def process(self, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """Run one of our processes and stop it at the end."""
        child = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stdin=subprocess.PIPE,
            text=True,
        )
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _servers(state: Path) -> Embedded:
    installations.put(state, installations.MIGRATED)  # in a run of tests
    return Embedded(state, durable=True)


@contextmanager
def world() -> Iterator[World]:
    """Start durable servers, migrate, and start the target."""
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-bench-") as state,
        _servers(Path(state)) as servers,
    ):
        alembic = AlembicConfig(str(ROOT / "migrations" / "alembic.ini"))
        url = servers.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        alembic.attributes["database_url"] = url
        command.upgrade(alembic, "head")
        environment = {
            **os.environ,
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "JWT_SECRET": "benchmark " * 4,
            "ENCRYPTION_KEY": "00" * 32,
            "LOG_LEVEL": "warning",
        }
        here = World(servers, environment, 0)
        with here.process("tests.bench.target_server") as target:
            assert target.stdout
            here.target_port = int(target.stdout.readline())
            yield here


def seed_services(
    connection: psycopg.Connection,
    endpoints: list[str],
    *,
    interval_seconds: int = 10,
    timeout_seconds: int = 10,
    region: str = "default",
    organization: UUID | None = None,
) -> None:
    """Insert a service for each endpoint, due on its grid from now on.

    They belong to an organization of their own where none is named.
    """
    if organization is None:
        organization = uuid4()
        connection.execute(
            "INSERT INTO organizations (id, name, slug, plan_type, max_services, timezone,"
            " settings) VALUES (%s, 'bench', %s, 'free', 100000, 'UTC', '{}')",
            (organization, str(organization)),
        )
    rows = [(uuid4(), organization, endpoint) for endpoint in endpoints]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO services (id, organization_id, name, endpoint, check_type, description,"
            " environment, check_interval_seconds, timeout_seconds, tags, is_active, config,"
            " slow_threshold_ms, failure_threshold, recovery_threshold, regions, region_quorum,"
            " depends_on, status, version) VALUES (%s, %s, 'bench', %s, 'HTTP', '', '', "
            f"{interval_seconds}, {timeout_seconds}, '{{}}', true, '{{}}', 1000, 1, 1,"
            f" '{{{region}}}', 'majority', '{{}}', 'PENDING', 1)",
            rows,
        )
    connection.execute(
        "INSERT INTO schedule_entries (service_id, region, status, consecutive_failures,"
        " consecutive_successes, next_due_at) SELECT id, %s, 'PENDING', 0, 0,"
        " now() + random() * %s * interval '1 second' FROM services WHERE organization_id = %s",
        (region, interval_seconds, organization),
    )
    connection.execute("ANALYZE services; ANALYZE schedule_entries")


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a process and its reaped children (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(fields[index]) for index in (11, 12, 13, 14)) / _TICKS


def tree_of(root: int) -> list[int]:
    """Return a process and all its living descendants."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it ended while we looked
        parents[int(stat.parent.name)] = int(fields[1])
    found = [root]
    for pid in found:
        found.extend(child for child, parent in parents.items() if parent == pid)
    return found


def tree_cpu_seconds(root: int) -> float:
    """Return the CPU time of a process and all its living descendants."""
    return sum(cpu_seconds(pid) for pid in tree_of(root))


def wait_until(condition, timeout_seconds: float) -> bool:
    """Poll a condition; say whether it came true in time, as counted on a machine of its own."""
    try:
        seconds_until(condition, timeout_seconds)
    except AssertionError:
        return False
    return True


def percentile(values: list[float], share: float) -> float:
    """Return a percentile by nearest rank."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
