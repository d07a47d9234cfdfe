"""The key of raw results changes hands with results in place, and back again."""

import psycopg
import pytest
from alembic import command

from tests.partitions import make_days
from tests.test_migrations import alembic_for
from tests.times import ago, now

RESULT = (
    "INSERT INTO check_results (service_id, scheduled_for, region, id, checked_at, status)"
    " VALUES ('00000000-0000-0000-0000-000000000001', %s, 'default', gen_random_uuid(), %s, 'RED')"
)
KEYS = (
    "SELECT c.relname, i.indisvalid, i.indisprimary, i.indnkeyatts, i.indnatts FROM pg_index i"
    " JOIN pg_class c ON c.oid = i.indrelid WHERE c.relname LIKE 'check_results%'"
)


def test_days_with_results_get_the_covering_key(empty_database_url):
    config = alembic_for(empty_database_url)
    command.upgrade(config, "0005")
    url = empty_database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        make_days(connection, ago(days=3), now())
        for days in range(4):
            connection.execute(RESULT, (ago(days=days), ago(days=days)))
        # What an attempt that was interrupted leaves behind.
        day = f"check_results_{ago(days=2):%Y%m%d}"
        connection.execute(f"CREATE INDEX {day}_covering ON {day} (id)")
        command.upgrade(config, "0006")
        keys = connection.execute(KEYS).fetchall()
        assert len(keys) == 5
        assert {key[1:] for key in keys} == {(True, True, 3, 9)}
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(RESULT, (ago(days=2), now()))
        make_days(connection, ago(days=-1), ago(days=-1))  # a day made later has it as well
        assert {key[1:] for key in connection.execute(KEYS)} == {(True, True, 3, 9)}
        command.downgrade(config, "0005")
        assert {key[1:] for key in connection.execute(KEYS)} == {(True, True, 3, 3)}
        assert connection.execute("SELECT count(*) FROM check_results").fetchone() == (4,)
