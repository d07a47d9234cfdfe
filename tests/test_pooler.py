"""PgBouncer in transaction mode between the program and its database: the same tests hold."""

import os
import subprocess
import sys

import psycopg
import pytest

from app.local import backup, migrate
from app.platform.config import Config
from app.platform.errors import ConfigError
from app.platform.transaction import transaction
from app.web import create_app
from tests.pooler import PROGRAM, pooled_database, pooler

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="PgBouncer is not installed")

# Every kind of access: sessions, claims, COPY, advisory locks, and the writer of pings.
_FLOWS = (
    "tests/ingest/test_batcher.py", "tests/workers/test_recorder.py",
    # The whole product: a check, a page on every channel, a late ping, a planned window.
    "tests/flows/test_outage.py", "tests/flows/test_heartbeat_story.py",
    "tests/flows/test_maintenance_story.py",
)  # fmt: skip


def test_each_transaction_has_its_limits_and_its_time_zone(config, database_url):
    with pooler(database_url) as url:
        environ = {
            "DATABASE_URL": url,
            "DATABASE_POOLER": "transaction",
            "DATABASE_DIRECT_URL": database_url,
            "REDIS_URL": config.redis_url,
            "JWT_SECRET": config.jwt_secret,
            "ENCRYPTION_KEY": "ab" * 32,
        }
        app = create_app(Config.from_env(environ))
        with app.app_context():
            for _ in range(3):
                with transaction() as tx:
                    names = ("statement_timeout", "lock_timeout", "timezone")
                    found = [tx.scalar(f"SHOW {name}") for name in names]
                assert found == ["15s", "5s", "UTC"]


def test_what_needs_a_session_must_be_told_where():
    environ = {"DATABASE_URL": "postgresql://u@h:6432/d", "DATABASE_POOLER": "transaction"}
    with pytest.raises(ConfigError, match="DATABASE_DIRECT_URL"):
        Config.from_env(environ)


def test_flows_hold_through_the_pooler(servers):
    environ = {
        **os.environ,
        "TEST_POOLER": "transaction",
        "TEST_DATABASE_URL": servers.database_url,
        "TEST_REDIS_URL": servers.redis_url,
    }
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *_FLOWS]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout[-4000:]


def test_a_backup_is_made_and_restored_past_the_pooler(servers, tmp_path):
    """A restore makes a database that PgBouncer cannot lead to before it is in place."""
    with pooled_database(servers.database_url) as settings:
        direct = settings["DATABASE_DIRECT_URL"]
        migrate.upgrade_database(direct)
        with psycopg.connect(direct) as connection:
            connection.execute("CREATE TABLE ballast AS SELECT 7 AS n")
        environ = settings | {"ENCRYPTION_KEY": "ab" * 32, "STATE_DIR": str(tmp_path)}
        backup.backup(environ, tmp_path / "backup.tar", with_key=True, say=lambda _: None)
        with psycopg.connect(direct) as connection:
            connection.execute("UPDATE ballast SET n = 8")
        backup.restore(environ, tmp_path / "backup.tar", say=lambda _: None)
        with psycopg.connect(settings["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT n FROM ballast").fetchall() == [(7,)]
