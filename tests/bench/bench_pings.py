"""Heartbeat pings, durable before the answer: gunicorn as shipped, 32 clients on the same machine.

In the same run: the same load against the naive form, in which every request is a transaction of
its own through the ORM.
"""

import os
from typing import Any
from uuid import uuid4

import psycopg

from tests.bench.web import gunicorn, load
from tests.bench.world import World, percentile, tree_cpu_seconds

HEARTBEATS = 1_000
CLIENTS = 32
SECONDS = 8.0
ROUNDS = 3


def run(world: World) -> list[tuple[str, str, str]]:
    """Return rows of (what, figure, bound)."""
    with world.connect() as connection:
        keys = seed_heartbeats(connection, HEARTBEATS)
        with gunicorn(world, "wsgi:app") as (port, pid):
            kept = measure(world, pid, port, keys, keep_alive=True)
            fresh = measure(world, pid, port, keys, keep_alive=False)
        stored = connection.execute("SELECT count(*) FROM heartbeat_pings").fetchone()
        missing = kept["total"] + fresh["total"] - (stored[0] if stored else 0)
        with gunicorn(world, "tests.bench.naive_pings:app") as (port, pid):
            naive = measure(world, pid, port, keys, keep_alive=True)
        connection.execute("DELETE FROM organizations")
    load = os.getloadavg()[0]
    return [
        ("durable pings/s, kept connections", f"{kept['rate']:,.0f}", ">= 1,500"),
        ("  p50 / p99 ms", _latency(kept), "p99 <= 100"),
        ("  CPU-seconds per 1,000: app + PostgreSQL", _cpu(kept), ""),
        ("  and of the clients, on the same cores", f"{kept['client_cpu']:.2f}", ""),
        ("durable pings/s, a connection each, as curl does", f"{fresh['rate']:,.0f}", ">= 1,500"),
        ("  p50 / p99 ms", _latency(fresh), "p99 <= 100"),
        ("  CPU-seconds per 1,000: app + PostgreSQL", _cpu(fresh), "Healthchecks: 3.4 + 1.0"),
        ("answered and not in the database", str(max(missing, 0)), "0"),
        ("not answered with 200", str(kept["failed"] + fresh["failed"]), "0"),
        ("naive: a request, a transaction, the ORM; pings/s", f"{naive['rate']:,.0f}", ""),
        ("  p50 / p99 ms", _latency(naive), ""),
        ("  CPU-seconds per 1,000: app + PostgreSQL", _cpu(naive), ""),
        ("load average of the machine at the end", f"{load:.1f}", ""),
    ]


def _latency(found: dict[str, Any]) -> str:
    return f"{found['p50']:.1f} / {found['p99']:.1f}"


def _cpu(found: dict[str, Any]) -> str:
    return f"{found['app_cpu']:.2f} + {found['postgres_cpu']:.2f}"


def seed_heartbeats(connection: psycopg.Connection, count: int) -> list[str]:
    """Insert one organization with heartbeats; return their keys."""
    organization = uuid4()
    connection.execute(
        "INSERT INTO organizations (id, name, slug, plan_type, max_services, timezone, settings)"
        " VALUES (%s, 'bench', %s, 'free', 5, 'UTC', '{}')",
        (organization, str(organization)),
    )
    keys = [f"bench-{uuid4().hex}" for _ in range(count)]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO heartbeats (id, organization_id, name, description, schedule, timezone,"
            " grace_period_seconds, tags, severity, notification_channel_ids, is_active,"
            " unique_key, badge_key, status, next_expected_at, miss_at, open_runs, is_extended,"
            " next_look_at) VALUES (gen_random_uuid(), %s, 'Bench', '', 'every 1h', 'UTC', 300,"
            " '{}', 'critical', '{}', true, %s, %s, 'healthy', now() + interval '1 hour',"
            " now() + interval '65 minutes', '[]', false, now() + interval '1 hour')",
            [(organization, key, f"hb-{key}") for key in keys],
        )
    connection.execute("VACUUM ANALYZE heartbeats")
    return keys


def measure(
    world: World, pid: int, port: int, keys: list[str], *, keep_alive: bool
) -> dict[str, Any]:
    """Return the figures of the round of the middle rate, and the sums of all rounds."""
    connection = "keep-alive" if keep_alive else "close"
    requests = [
        f"POST /api/v1/heartbeat/{key} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: curl/8.5.0\r\n"
        f"Connection: {connection}\r\nContent-Length: 2\r\n\r\nok"
        for key in keys
    ]
    load(port, requests, CLIENTS, 2, keep_alive=keep_alive)
    postgres = world.servers.postgres.pid
    assert postgres
    rounds, total, failed = [], 0, 0
    for _ in range(ROUNDS):
        before = tree_cpu_seconds(pid), tree_cpu_seconds(postgres)
        found = load(port, requests, CLIENTS, SECONDS, keep_alive=keep_alive)
        after = tree_cpu_seconds(pid), tree_cpu_seconds(postgres)
        count = len(found["milliseconds"])
        total, failed = total + count, failed + found["failed"]
        rounds.append(
            {
                "rate": count / found["seconds"],
                "p50": percentile(found["milliseconds"], 0.5),
                "p99": percentile(found["milliseconds"], 0.99),
                "app_cpu": (after[0] - before[0]) / count * 1000,
                "postgres_cpu": (after[1] - before[1]) / count * 1000,
                "client_cpu": found["cpu_seconds"] / count * 1000,
            }
        )
    middle = sorted(rounds, key=lambda each: each["rate"])[len(rounds) // 2]
    return {**middle, "total": total, "failed": failed}
