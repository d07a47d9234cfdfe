"""Results of the past for benchmarks, as scattered as in life.

They are inserted in the order of time, all services side by side: those of one service lie on as
many pages as they would had they come one after another.
"""

from datetime import datetime, timedelta

import psycopg

from tests.bench.world import seed_services
from tests.partitions import make_days

HOUR = timedelta(hours=1)

_RESULTS = """
INSERT INTO check_results (service_id, scheduled_for, region, id, checked_at, status,
    response_time_ms, cover_seconds)
SELECT s.id, t, 'default', gen_random_uuid(), t + random() * interval '0.2 seconds',
    CASE WHEN random() < 0.003 THEN 'RED' ELSE 'GREEN' END,
    exp(3 + random() + random() + random()), %(cover)s
FROM generate_series(%(since)s::timestamptz,
    least(%(since)s::timestamptz + interval '00:59:59', %(end)s::timestamptz),
    %(interval)s * interval '1 second') t, services s
"""


def seed_past(
    connection: psycopg.Connection, services: int, interval: int, since: datetime, end: datetime
) -> int:
    """Store what the services would have seen until `end`, by hours; return how many results."""
    endpoints = [f"http://127.0.0.1:9/{number}" for number in range(services)]
    seed_services(connection, endpoints, interval_seconds=interval)
    connection.execute("UPDATE services SET created_at = %s", (since,))
    make_days(connection, since - timedelta(days=1), end)
    count, hour = 0, since
    values = {"interval": interval, "cover": 2 * interval + 15, "end": end}
    while hour < end:
        count += connection.execute(_RESULTS, values | {"since": hour}).rowcount
        hour += HOUR
    connection.execute("ANALYZE check_results")
    return count
