"""Checks beside a snapshot that is held for long, as `pg_dump` does, cost what they did before.

Counted in pages of the schedule that PostgreSQL looks at, not in time. The rounds run ahead of the
clock: each makes the checks of the interval after the one before.
"""

import psycopg
import pytest

from app.operations.checks import claim as checks_claim
from app.operations.checks import record as checks_record
from app.platform.extensions import db
from app.platform.transaction import transaction
from tests.factories import make_service
from tests.recording import GREEN

SERVICES = 30
INTERVAL = 10.0
ROUNDS = 40

PAGES = """
SELECT sum(coalesce(heap_blks_hit, 0) + coalesce(heap_blks_read, 0)
    + coalesce(idx_blks_hit, 0) + coalesce(idx_blks_read, 0))::int
FROM pg_statio_user_tables WHERE relname = 'schedule_entries'
"""


@pytest.fixture
def services(context, configure, alice):
    configure(plan_limits=False)
    for number in range(SERVICES):
        make_service(alice, name=f"Shop {number}", check_interval_seconds=int(INTERVAL))
    db.engine.dispose()  # from here on one connection does all, and counts it
    with transaction() as tx:
        # As with more services: the whole of a table of one page is read soonest.
        tx.driver.execute("SET enable_seqscan = off")
        # The server of all tests would collect statistics at a moment of its own choice. Of a table
        # that was empty then, all indexes seem equally good.
        tx.driver.execute("ALTER TABLE schedule_entries SET (autovacuum_enabled = off)")
        tx.driver.execute("ANALYZE schedule_entries, services")
    yield
    with transaction() as tx:
        tx.driver.execute("ALTER TABLE schedule_entries RESET (autovacuum_enabled)")
    db.engine.dispose()


@pytest.fixture
def held_snapshot(services, database_url):
    with psycopg.connect(database_url) as holder:
        holder.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        holder.execute("SELECT count(*) FROM services")
        yield
        holder.rollback()


def _claims(number):
    ahead = number * INTERVAL
    window = {"ahead_seconds": ahead, "behind_seconds": 2 * INTERVAL - ahead}
    return checks_claim.claim("default", 500, **window).claims


def _record(claims):
    now = max(claim.scheduled_for for claim in claims)
    checks_record.record([claim.finished(GREEN, claim.scheduled_for) for claim in claims], now)


@pytest.mark.parametrize("work", ["claim", "still leased", "record"])
def test_a_snapshot_held_for_long_makes_no_check_dearer(held_snapshot, rows, work):
    def pages_of_a_round(number):
        before = pages()
        claims = _claims(number)
        if work == "claim":
            found = pages() - before
        before = pages()
        assert len(checks_claim.still_leased(claims)) == len(claims) > 0
        if work == "still leased":
            found = pages() - before
        before = pages()
        _record(claims)
        return pages() - before if work == "record" else found

    def pages():
        with transaction() as tx:
            tx.driver.execute("SELECT pg_stat_force_next_flush()")
        return rows(PAGES)[0][0]

    counted = [pages_of_a_round(number) for number in range(1, ROUNDS + 1)]
    early, late = max(counted[2:6]), min(counted[-4:])
    assert 0 < late <= 2 * early, counted


def test_a_row_that_has_moved_is_found_by_its_key(services, rows):
    claims = _claims(1)
    rows("UPDATE schedule_entries SET last_error = 'somebody else changed the row'")
    assert len(checks_claim.still_leased(claims)) == SERVICES
    _record(claims)
    assert rows("SELECT count(*) FROM check_results") == [(SERVICES,)]
    assert rows("SELECT count(*) FROM schedule_entries WHERE lease_token IS NULL") == [(SERVICES,)]


def test_a_place_proves_nothing_without_the_token(services, rows):
    claims = _claims(1)
    rows("UPDATE schedule_entries SET lease_token = lease_token + 1000000")
    places = dict(rows("SELECT service_id, ctid FROM schedule_entries"))
    claims = [claim._replace(place=places[claim.service_id]) for claim in claims]
    assert checks_claim.still_leased(claims) == set()
    assert (
        checks_record.record(
            [claim.finished(GREEN, claim.scheduled_for) for claim in claims],
            claims[0].scheduled_for,
        )
        == []
    )
    assert rows("SELECT count(*) FROM check_results") == [(0,)]
