"""Periodic jobs of announcements, killed where it hurts most: planned, but not committed."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from app.platform.clock import utcnow
from tests.alerting import make_window
from tests.event_messages import certificate, check, kinds, listen
from tests.factories import make_service
from workers import announcements
from workers.job import serve

ROOT = Path(__file__).parents[2]
KILLED = """
import os, signal
from app.platform.bootstrap import bootstrap
from app.operations.notifications import enqueue
from workers import announcements
from workers.job import serve

add = enqueue.messages

def planned_and_killed(*arguments, **named):
    assert add(*arguments, **named) == 1
    os.kill(os.getpid(), signal.SIGKILL)

enqueue.messages = planned_and_killed
serve(bootstrap())
announcements.{job}()
"""


@pytest.fixture
def killed(config, monkeypatch):
    """Run a job in a process of its own that is killed as soon as it has planned a message."""
    settings = {
        "DATABASE_URL": config.database_direct_url,
        "REDIS_URL": config.redis_url,
        "JWT_SECRET": "a secret of the tests, long enough to be taken",
        "ENCRYPTION_KEY": "ab" * 32,
    }

    for name, value in settings.items():  # what was lost twice goes to a process of its own
        monkeypatch.setenv(name, value)

    def run(job):
        found = subprocess.run(
            [sys.executable, "-c", KILLED.format(job=job)],
            env={"PATH": os.environ["PATH"]} | settings,
            cwd=ROOT,
            timeout=300,
        )
        assert found.returncode == -signal.SIGKILL

    return run


@pytest.fixture
def due(app, alice, rows):
    """A certificate that ends, maintenance that begins, and a status that was held back."""
    serve(app)
    listen(alice, "ssl.expiring", "maintenance.started", "service.status_changed")
    make_service(alice)
    check(app, rows, "GREEN", shown=certificate(utcnow() + timedelta(days=5)))
    window = make_window(alice)
    check(app, rows, "RED")
    rows("DELETE FROM maintenance_windows WHERE id = %s", window["id"])
    rows("UPDATE organizations SET alerting_version = alerting_version + 1")
    rows("DELETE FROM notifications")


@pytest.mark.parametrize(
    ("job", "kind"),
    [("announce", "service.status_changed"), ("warn_of_certificates", "ssl.expiring")],
)
def test_a_kill_neither_loses_nor_doubles(due, rows, killed, job, kind):
    for _ in range(2):
        killed(job)
        assert kinds(rows) == []
        # A lost job is done in a process of its own next time, where nothing kills it.
        rows("DELETE FROM tick_runs")
    for _ in range(2):
        getattr(announcements, job)()
    assert kinds(rows) == [kind]


def test_a_kill_leaves_the_edge_of_maintenance_to_the_next_tick(app, alice, rows, killed):
    serve(app)
    listen(alice, "maintenance.started")
    begin = utcnow() + timedelta(hours=1)
    make_window(
        alice, starts_at=begin.isoformat(), ends_at=(begin + timedelta(hours=2)).isoformat()
    )
    rows(
        "UPDATE maintenance_windows SET starts_at = starts_at - interval '90 minutes',"
        " next_edge_at = next_edge_at - interval '90 minutes'"
    )
    killed("announce")
    assert kinds(rows) == []
    for _ in range(2):
        announcements.announce()
    assert kinds(rows) == ["maintenance.started"]
