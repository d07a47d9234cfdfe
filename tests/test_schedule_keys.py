"""The key of schedule entries moves to a table of its own, and still lets in no second entry."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic import command

from tests.bench.world import seed_services
from tests.test_migrations import alembic_for

ENTRY = (
    "INSERT INTO schedule_entries (service_id, region, next_due_at, status, consecutive_failures,"
    " consecutive_successes) VALUES (%s, %s, now(), 'PENDING', 0, 0) ON CONFLICT DO NOTHING"
)
ENTRIES = "SELECT service_id, region FROM schedule_entries ORDER BY 1, 2"
KEYS = "SELECT service_id, region FROM schedule_keys ORDER BY 1, 2"
# What keeps the migration waiting, as a dump of a small database would.
READ = "BEGIN; LOCK TABLE schedule_entries IN ACCESS SHARE MODE; SELECT pg_sleep(1.2); COMMIT"
CHECK = "UPDATE schedule_entries SET next_due_at = next_due_at + interval '10 seconds'"


@pytest.fixture
def database(empty_database_url):
    command.upgrade(alembic_for(empty_database_url), "0027")
    url = empty_database_url.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        seed_services(connection, ["https://a.example/"] * 3)
        yield connection


def test_the_key_moves_while_checks_go_on_and_back_again(database, empty_database_url):
    config = alembic_for(empty_database_url)
    with (
        psycopg.connect(database.info.dsn, password=database.info.password) as reader,
        ThreadPoolExecutor() as pool,
    ):
        reading = pool.submit(reader.execute, READ)
        moving = pool.submit(command.upgrade, config, "0028")
        checks = 0
        while not moving.done():
            checks += database.execute(CHECK).rowcount
        moving.result()
        reading.result()
    assert checks > 0
    before = database.execute(ENTRIES).fetchall()
    assert database.execute(KEYS).fetchall() == before
    assert len(before) == 3
    command.downgrade(config, "0027")
    assert database.execute(ENTRIES).fetchall() == before
    with pytest.raises(psycopg.errors.UniqueViolation):
        database.execute(ENTRY.removesuffix(" ON CONFLICT DO NOTHING"), before[0])


def test_a_service_has_one_entry_in_each_region(database, empty_database_url):
    command.upgrade(alembic_for(empty_database_url), "0028")
    (first, _, last) = database.execute(ENTRIES).fetchall()
    assert database.execute(ENTRY, first).rowcount == 0
    assert database.execute(ENTRY, (first[0], "eu")).rowcount == 1
    with pytest.raises(psycopg.errors.UniqueViolation):
        database.execute(
            "UPDATE schedule_entries SET region = 'us' WHERE service_id = %s", first[:1]
        )
    database.execute("UPDATE schedule_entries SET region = 'us' WHERE region = 'eu'")
    database.execute("DELETE FROM schedule_entries WHERE region = 'us'")
    assert database.execute(ENTRY, (first[0], "us")).rowcount == 1
    database.execute("DELETE FROM services WHERE id = %s", last[:1])
    found = database.execute(ENTRIES).fetchall()
    assert len(found) == 3
    assert database.execute(KEYS).fetchall() == found


def test_of_two_who_add_an_entry_at_once_one_does(database, empty_database_url):
    command.upgrade(alembic_for(empty_database_url), "0028")
    (first, *_) = database.execute(ENTRIES).fetchall()
    with (
        psycopg.connect(database.info.dsn, password=database.info.password) as other,
        ThreadPoolExecutor() as pool,
    ):
        assert other.execute(ENTRY, (first[0], "eu")).rowcount == 1
        waiting = pool.submit(database.execute, ENTRY, (first[0], "eu"))
        other.commit()
        assert waiting.result().rowcount == 0
