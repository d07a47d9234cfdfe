"""The engine against the naive form: claim, probe, store, settle, publish on one worker."""

import time

import psycopg
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from tests.bench.world import World, cpu_seconds, seed_services, tree_cpu_seconds, wait_until

CHECKS = 20_000
NAIVE_CHECKS = 400


def run(world: World) -> list[tuple[str, str, str]]:
    """Return rows of (what, figure, bound)."""
    endpoint = f"http://127.0.0.1:{world.target_port}/ok"
    with world.connect() as connection, world.process("workers", "probes") as worker:
        seed_services(connection, [endpoint] * CHECKS, interval_seconds=3600)
        connection.execute("UPDATE schedule_entries SET next_due_at = NULL")
        # Every service once: what is measured is the steady state, not the first check of each,
        # which loads its definition and takes it from PENDING to GREEN.
        _burst(connection, CHECKS)
        assert wait_until(lambda: _stored(connection) >= CHECKS, 120), "the worker does not work"
        connection.execute("TRUNCATE check_results")
        cpu, servers_cpu = cpu_seconds(worker.pid), _servers_cpu(world)
        started = time.monotonic()
        _burst(connection, CHECKS)
        assert wait_until(lambda: _stored(connection) >= CHECKS, 120), "the engine fell behind"
        seconds = time.monotonic() - started
        cpu, servers_cpu = cpu_seconds(worker.pid) - cpu, _servers_cpu(world) - servers_cpu
        failed = connection.execute(
            "SELECT count(*) FROM check_results WHERE status = 'RED'"
        ).fetchone()
        connection.execute("DELETE FROM organizations; TRUNCATE check_results")
    naive_rate, naive_cpu = _naive(world, endpoint)
    rate = CHECKS / seconds
    return [
        ("checks/s, one worker process, claim to publish", f"{rate:,.0f}", ">= 5,000"),
        ("  of these failed", str(failed[0] if failed else "?"), "0"),
        ("CPU-seconds of the worker per 1,000 checks", f"{cpu / CHECKS * 1000:.3f}", "<= 0.25"),
        ("  with PostgreSQL and Valkey", f"{(cpu + servers_cpu) / CHECKS * 1000:.3f}", ""),
        ("naive: one RQ job and one requests.get a check", f"{naive_rate:,.0f}", ""),
        ("  CPU-seconds of its worker per 1,000 checks", f"{naive_cpu:.3f}", ""),
        ("ratio", f"{rate / naive_rate:,.0f}x", ""),
    ]


def _burst(connection: psycopg.Connection, count: int) -> None:
    connection.execute(
        "UPDATE schedule_entries SET next_due_at = now() WHERE service_id IN"
        " (SELECT service_id FROM schedule_entries LIMIT %s)",
        (count,),
    )


def _stored(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT count(*) FROM check_results").fetchone()
    return row[0] if row else 0


def _servers_cpu(world: World) -> float:
    pids = (world.servers.postgres.pid, world.servers.valkey.pid)
    return sum(tree_cpu_seconds(pid) for pid in pids if pid)


def _naive(world: World, endpoint: str) -> tuple[float, float]:
    """Run checks the way a first version would; return checks/s and CPU-seconds per 1,000."""
    with world.connect() as connection, Redis.from_url(world.servers.redis_url) as redis:
        connection.execute("CREATE TABLE naive_results (at timestamptz, status int, ms real)")
        queue = Queue("naive", connection=redis, serializer=JSONSerializer)
        for _ in range(NAIVE_CHECKS):
            queue.enqueue("tests.bench.naive.check", endpoint, result_ttl=0)
        started = time.monotonic()
        with world.process("tests.bench.naive") as worker:
            cpu = cpu_seconds(worker.pid)

            def done() -> bool:
                row = connection.execute("SELECT count(*) FROM naive_results").fetchone()
                return bool(row and row[0] >= NAIVE_CHECKS)

            assert wait_until(done, 120), "the naive worker did not finish"
            seconds = time.monotonic() - started
            cpu = cpu_seconds(worker.pid) - cpu
        connection.execute("DROP TABLE naive_results")
    return NAIVE_CHECKS / seconds, cpu / NAIVE_CHECKS * 1000
