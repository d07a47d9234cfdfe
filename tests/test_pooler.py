"""PgBouncer in transaction mode between the program and its database: the same tests hold."""

import os
import subprocess
import sys

import pytest

from app.platform.config import Config
from app.platform.errors import ConfigError
from app.platform.transaction import transaction
from app.web import create_app
from tests.pooler import PROGRAM, pooler

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="PgBouncer is not installed")

# Every kind of access: sessions, claims, COPY, advisory locks, and the writer of pings.
_FLOWS = ("tests/ingest/test_batcher.py", "tests/workers/test_recorder.py")


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
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-4000:]
