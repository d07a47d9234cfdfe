"""Migration of a database with ten million results from before the covering key to the newest."""

import time
from datetime import UTC, datetime, timedelta

import psycopg
from alembic import command

from tests.bench.world import World
from tests.partitions import make_days
from tests.test_migrations import alembic_for

BEFORE = "0005"  # the revision before the covering key of raw results
SERVICES, DAYS, INTERVAL_SECONDS = 290, 4, 10  # 10.02 million results

# In the order of time, as in life: those of one service lie on as many pages as they can.
_RESULTS = """
INSERT INTO check_results (service_id, scheduled_for, region, id, checked_at, status,
    response_time_ms)
SELECT lpad(to_hex(s), 32, '0')::uuid, t, 'default', gen_random_uuid(), t,
    CASE WHEN random() < 0.003 THEN 'RED' ELSE 'GREEN' END, 20 + random() * 100
FROM generate_series(%(since)s::timestamptz, %(until)s::timestamptz - interval '1 second',
    %(interval)s * interval '1 second') t, generate_series(1, %(services)s) s
"""


def run(world: World) -> list[tuple[str, str, str]]:
    """Return rows of (what, figure, bound)."""
    name = "before"
    with world.connect() as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = f"{world.servers.database_url.rpartition('/')[0]}/{name}"
    config = alembic_for(url.replace("postgresql://", "postgresql+psycopg://", 1))
    command.upgrade(config, BEFORE)
    count = _fill(url)
    began_at = time.monotonic()
    command.upgrade(config, "head")
    seconds = time.monotonic() - began_at
    return [
        (f"results at revision {BEFORE}", f"{count:,}", ""),
        ("  brought to the newest revision, s", f"{seconds:.1f}", "<= 60"),
    ]


def _fill(url: str) -> int:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    values = {"interval": INTERVAL_SECONDS, "services": SERVICES}
    count = 0
    with psycopg.connect(url, autocommit=True) as connection:
        make_days(connection, today - timedelta(days=DAYS), today)
        for day in range(DAYS, 0, -1):
            since = today - timedelta(days=day)
            span = {"since": since, "until": since + timedelta(days=1)}
            count += connection.execute(_RESULTS, values | span).rowcount
        connection.execute("ANALYZE check_results")
    return count
