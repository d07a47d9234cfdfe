"""One service that fails and recovers, and what people do about its alert."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from app.models.members import User
from app.operations.escalation import levels as escalation_levels
from app.operations.escalation.recipients import contacts
from app.platform.clock import utcnow
from app.platform.transaction import transaction
from tests.alert_messages import ALERT, PENDING
from tests.alerting import latest_alert, policy_of
from tests.factories import make_service
from tests.recording import check, observe
from tests.waiting import seconds_until

_WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@pytest.fixture
def service(context, alice):
    return make_service(alice)


@pytest.fixture
def see(service):
    def see(letter):
        check(service, utcnow(), observe(letter))
        escalation_levels.advance_due()

    return see


@pytest.fixture
def act(alice, rows):
    """Do something to the alert over the API."""

    def act(action, **body):
        answer = alice.post(f"/alerts/{rows(ALERT)[0][0]}/{action}", body)
        assert answer.status_code == 200, answer.text

    return act


@pytest.fixture
def messages(rows):
    """Return kind and status of each message, by the short name of its recipient."""

    def messages(names):
        found = rows(PENDING)
        return [(kind, names.get(key, key), status) for kind, key, status in found]

    return messages


@pytest.fixture
def fail(context, alice):
    """Let a service fail; return its alert with the timeline."""

    def fail(**fields):
        check(make_service(alice, **fields), utcnow(), observe("R"))
        escalation_levels.advance_due()
        return latest_alert(alice)

    return fail


@pytest.fixture
def delayed(context, alice):
    """A policy that tells Alice by webhook at once, by another in ten minutes."""
    methods = [
        {"type": "webhook", "config": {"url": "https://hooks.example.com/a"}},
        {
            "type": "webhook",
            "config": {"url": "https://hooks.example.com/b"},
            "delay_minutes": 10,
        },
    ]
    assert alice.put("/profile", {"contact_methods": methods}).status_code == 200
    policy_of(alice, "user", alice.user_id, is_default=True)
    with transaction() as tx:
        found = contacts(tx.session.get_one(User, alice.user_id), utcnow())
    first, late = (recipient.key for recipient in found)
    return {first: "first", late: "late"}


class Meeting:
    """A worker at its locks, and others who come while it holds them."""

    def __init__(self, worker, app, pool, rows):
        self.take = worker.execute
        self._commit = worker.commit
        self._app, self._pool, self._rows, self._come = app, pool, rows, []

    def comes(self, what, *arguments, **options):
        """Let somebody come, who has to wait."""

        def run():
            with self._app.app_context():
                return what(*arguments, **options)

        self._come.append(self._pool.submit(run))
        seconds_until(lambda: self._rows(_WAITING)[0][0] >= len(self._come), 10)

    def ends(self):
        """Let the worker end; return what the others have got, in the order of their coming."""
        self._commit()
        return [one.result() for one in self._come]


@pytest.fixture
def meet(app, rows, database_url):
    @contextmanager
    def meet():
        with psycopg.connect(database_url) as worker, ThreadPoolExecutor(4) as pool:
            try:
                yield Meeting(worker, app, pool, rows)
            finally:
                worker.rollback()  # whatever failed: nobody is to wait for it

    return meet
