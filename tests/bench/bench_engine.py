"""The engine against the naive form: claim, probe, store, settle, publish on one worker.

The worker is two processes, one that probes and one that records; the CPU time is that of both.
"""

import time
from dataclasses import dataclass
from statistics import median

import psycopg
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from tests.bench.world import World, cpu_seconds, seed_services, tree_cpu_seconds, wait_until

CHECKS = 40_000
ROUNDS = 3
NAIVE_CHECKS = 400


_MAKE_DUE = "UPDATE schedule_entries SET next_due_at = now()"


@dataclass(frozen=True)
class Round:
    """What it took to do all checks once."""

    checks_per_second: float  # between the first live event and the last
    worker_cpu_seconds: float
    servers_cpu_seconds: float


def run(world: World) -> list[tuple[str, str, str]]:
    """Return rows of (what, figure, bound)."""
    endpoint = f"http://127.0.0.1:{world.target_port}/ok"
    with (
        world.connect() as connection,
        Redis.from_url(world.servers.redis_url) as redis,
        world.process("workers", "probes") as worker,
    ):
        # So seldom that none falls due by itself while a round is made due.
        seed_services(connection, [endpoint] * CHECKS, interval_seconds=1000 * 86_400)
        connection.execute("UPDATE schedule_entries SET next_due_at = NULL")
        # As if a browser had the console open: results are published only then.
        for (organization,) in connection.execute("SELECT id FROM organizations").fetchall():
            redis.set(f"feed-listening:{{{organization}}}", 1)
        # Every service once: what is measured is the steady state, not the first check of each,
        # which loads its snapshot and takes it from PENDING to GREEN.
        connection.execute(_MAKE_DUE)
        assert wait_until(lambda: _count(connection) >= CHECKS, 120), "the worker does not work"
        time.sleep(1)  # until the last of them is published as well
        rounds = [_round(world, connection, redis, worker.pid) for _ in range(ROUNDS)]
        failed = connection.execute(
            "SELECT count(*) FROM check_results WHERE status = 'RED'"
        ).fetchone()
        connection.execute("DELETE FROM organizations; TRUNCATE check_results")
    naive_rate, naive_cpu = _naive(world, endpoint)
    rate = median(one.checks_per_second for one in rounds)
    cpu = median(one.worker_cpu_seconds for one in rounds)
    servers_cpu = median(one.servers_cpu_seconds for one in rounds)
    each = ", ".join(f"{one.checks_per_second:,.0f}" for one in rounds)
    return [
        ("checks/s, one worker, claim to publish", f"{rate:,.0f}", ">= 5,000"),
        ("  in each round", each, ""),
        ("  of these failed", str(failed[0] if failed else "?"), "0"),
        ("CPU-seconds of the worker per 1,000 checks", f"{cpu / CHECKS * 1000:.3f}", "<= 0.25"),
        ("  with PostgreSQL and Valkey", f"{(cpu + servers_cpu) / CHECKS * 1000:.3f}", ""),
        ("naive: one RQ job and one requests.get a check", f"{naive_rate:,.0f}", ""),
        ("  CPU-seconds of its worker per 1,000 checks", f"{naive_cpu:.3f}", ""),
        ("ratio", f"{rate / naive_rate:,.0f}x", ""),
    ]


def _round(world: World, connection: psycopg.Connection, redis: Redis, worker: int) -> Round:
    """Make every check due and wait until the last one is published."""
    stored, published = _count(connection), _published(redis)
    worker_cpu, servers_cpu = tree_cpu_seconds(worker), _servers_cpu(world)
    connection.execute(_MAKE_DUE)
    # A look at a counter: counting rows fifty times a second would take time from the worker. The
    # clock starts with the first batch, as an idle worker looks only once a second for work.
    assert wait_until(lambda: _published(redis) > published, 120), "the worker does not work"
    first, started = _published(redis), time.monotonic()
    assert wait_until(lambda: _published(redis) >= published + CHECKS, 120), "the engine is stuck"
    seconds = time.monotonic() - started
    found = Round(
        (published + CHECKS - first) / seconds,
        tree_cpu_seconds(worker) - worker_cpu,
        _servers_cpu(world) - servers_cpu,
    )
    assert _count(connection) == stored + CHECKS, "what was published is not what is stored"
    return found


def _count(connection: psycopg.Connection) -> int:
    row = connection.execute("SELECT count(*) FROM check_results").fetchone()
    return row[0] if row else 0


def _published(redis: Redis) -> int:
    """Return how many live events there were: the sequence number of the only feed."""
    (counter,) = redis.keys("feed-seq:*")
    return int(redis.get(counter) or 0)


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

        def stored() -> int:
            row = connection.execute("SELECT count(*) FROM naive_results").fetchone()
            return row[0] if row else 0

        with world.process("tests.bench.naive") as worker:
            assert wait_until(lambda: stored() > 0, 120), "the naive worker does not work"
            before, cpu, started = stored(), cpu_seconds(worker.pid), time.monotonic()
            done = wait_until(lambda: stored() >= NAIVE_CHECKS, 120)
            seconds, cpu = time.monotonic() - started, cpu_seconds(worker.pid) - cpu
            assert done, "the naive worker did not finish"
        connection.execute("DROP TABLE naive_results")
    count = NAIVE_CHECKS - before
    return count / seconds, cpu / count * 1000
