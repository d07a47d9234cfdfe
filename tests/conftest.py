"""What every test stands on: real PostgreSQL and Valkey, one application, three people."""

import os
import secrets
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from psycopg import sql
from redis import Redis

from app.api import health
from app.api.request_hooks import REQUEST_LOG
from app.api.request_log import RequestLog
from app.local.embedded import Embedded
from app.operations.checks.retention import ensure_partitions
from app.platform.config import Config
from app.security import limits
from app.web import create_app
from tests import installations, partitions
from tests.factories import Person, make_member, make_person
from tests.pooler import pooler
from tests.units import (  # hooks
    pytest_collection,
    pytest_collection_finish,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_xdist_make_scheduler,
)

__all__ = [
    "pytest_collection",
    "pytest_collection_finish",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_xdist_make_scheduler",
]

LOOPBACK = ("127.", "::1", "localhost")

# How long examples take by the clock says how busy the machine is, and nothing of the program.
settings.register_profile(
    "busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy machine")


@dataclass(frozen=True)
class Servers:
    """Where the tests' PostgreSQL and Redis listen."""

    database_url: str
    redis_url: str
    is_migrated: bool  # the database of this address, of which others can be copies


@pytest.fixture(scope="session", autouse=True)
def only_loopback() -> Iterator[None]:
    """No test may reach out of this machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if self.family != socket.AF_UNIX and not str(host).startswith(LOOPBACK):
            raise AssertionError(f"a test tried to connect to {address}")
        real(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The servers named by TEST_DATABASE_URL and TEST_REDIS_URL, else embedded ones."""
    given = os.environ.get("TEST_DATABASE_URL"), os.environ.get("TEST_REDIS_URL")
    if given[0] and given[1]:
        yield Servers(given[0], given[1], is_migrated=False)
        return
    with tempfile.TemporaryDirectory(prefix="alertifypro-tests-") as folder:
        is_migrated = installations.put(Path(folder), installations.MIGRATED)
        with Embedded(folder, durable=False) as embedded:
            yield Servers(embedded.database_url, embedded.redis_url, is_migrated)


@pytest.fixture(scope="session")
def database_url(servers: Servers) -> Iterator[str]:
    """A database of this test run with every migration applied."""
    name = f"test_{secrets.token_hex(6)}"
    base, _, given = servers.database_url.rpartition("/")
    identifier = sql.Identifier(name)
    template = sql.Identifier(given if servers.is_migrated else "template1")
    with psycopg.connect(servers.database_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(identifier, template))
    url = f"{base}/{name}"
    if not servers.is_migrated:
        alembic = AlembicConfig()
        alembic.set_main_option("script_location", "migrations")
        alembic.attributes["database_url"] = url.replace("postgresql://", "postgresql+psycopg://")
        command.upgrade(alembic, "head")
    yield url
    with psycopg.connect(servers.database_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


@pytest.fixture(scope="session")
def database_settings(database_url: str) -> Iterator[dict[str, str]]:
    """How the application reaches its database: with TEST_POOLER=transaction through PgBouncer."""
    if os.environ.get("TEST_POOLER") != "transaction":
        yield {"DATABASE_URL": database_url}
        return
    with pooler(database_url) as url:
        yield {
            "DATABASE_URL": url,
            "DATABASE_POOLER": "transaction",
            "DATABASE_DIRECT_URL": database_url,
        }


@pytest.fixture(scope="session")
def config(database_settings: dict[str, str], servers: Servers) -> Config:
    """The settings of the application under test."""
    return Config.from_env(
        {
            **database_settings,
            "REDIS_URL": servers.redis_url,
            "JWT_SECRET": "a secret of the tests, long enough to be taken",
            "ENCRYPTION_KEY": "ab" * 32,
            "BASE_URL": "http://localhost",
            "METRICS_TOKEN": "0123456789abcdef0123456789abcdef",
            "RATE_LIMITS": "off",  # tests of limits switch them on
            "LOG_FORMAT": "text",
            "LOG_LEVEL": "warning",
        }
    )


@pytest.fixture(scope="session")
def web(config: Config) -> Iterator[Flask]:
    """The application under test; use `app`, which also cleans up."""
    web = create_app(config)
    web.testing = True
    with web.app_context():
        ensure_partitions()
    yield web
    web.extensions["hub"].close()


@pytest.fixture(scope="session")
def connection(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the tests' own, in autocommit."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def empty_tables(web: Flask, database_url: str) -> Iterator[Callable[[], None]]:
    """Empties the tables that have rows: most tests fill ten of seventy."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        # As a replica, PostgreSQL runs no triggers: neither foreign keys nor append-only rules stop
        # it. This connection stays one: to change it makes the server plan all statements anew.
        connection.execute("SET session_replication_role = replica")
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'alembic_version'"
        ).fetchall()
        has_rows = "SELECT '{0}' WHERE EXISTS (SELECT FROM \"{0}\")"
        filled = " UNION ALL ".join(has_rows.format(name) for (name,) in rows)
        kept = partitions.present(connection)

        def empty() -> None:
            partitions.drop_others(connection, kept)
            names = [name for (name,) in connection.execute(filled, prepare=True)]
            # All travels at once, and each table is a transaction of its own, which waits for
            # others, but never holds what they wait for.
            deletions = "".join(f'BEGIN; DELETE FROM "{name}"; COMMIT; ' for name in names)
            if deletions:
                connection.execute(deletions)

        yield empty


@pytest.fixture
def app(web: Flask, empty_tables: Callable[[], None]) -> Iterator[Flask]:
    """The application, with an empty database and an empty Redis, of which it remembers nothing."""
    empty_tables()
    health._known.clear()  # what another test had late, or away
    web.extensions[REQUEST_LOG] = RequestLog()  # nor a window whose end one of its lines tells
    redis: Redis = web.extensions["runtime"].redis
    redis.flushdb()
    return web


@pytest.fixture
def configure(app: Flask) -> Iterator[Callable[..., None]]:
    """Change settings of the application for one test: `configure(registration="closed")`."""
    before, counter = app.extensions["runtime"], app.extensions["limits"]

    def change(**changes: Any) -> None:
        app.extensions["runtime"] = replace(before, config=replace(before.config, **changes))
        if changes.get("rate_limits"):
            app.extensions["limits"] = _patient_counter(before.config.redis_url)

    yield change
    app.extensions["runtime"], app.extensions["limits"] = before, counter


def _patient_counter(redis_url: str) -> limits.Counter:
    """Return the counter of limits, which lets nobody pass because Redis waited for a core."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "_TIMEOUT_SECONDS", 10.0)
        return limits.Counter(redis_url)


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """An application context, for operations without a request."""
    with app.app_context():
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody who is not signed in."""
    return app.test_client()


@pytest.fixture
def rows(app: Flask, connection: psycopg.Connection[Any]) -> Callable[..., list[tuple[Any, ...]]]:
    """Run a statement beside the application and return its rows."""

    def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def alice(app: Flask) -> Person:
    """Alice owns an organization."""
    return make_person(app, "Alice")


@pytest.fixture
def bob(app: Flask, alice: Person) -> Person:
    """Bob is an editor in Alice's organization."""
    return make_member(app, alice, "Bob", "editor")


@pytest.fixture
def charlie(app: Flask, alice: Person) -> Person:
    """Charlie is a stranger with an organization of his own."""
    return make_person(app, "Charlie")


@pytest.fixture
def empty_database_url(servers: Servers) -> Iterator[str]:
    """A database without any table, for the migrations themselves."""
    name = f"empty_{secrets.token_hex(6)}"
    base, _, _ = servers.database_url.rpartition("/")
    with psycopg.connect(servers.database_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield f"{base}/{name}".replace("postgresql://", "postgresql+psycopg://")
    with psycopg.connect(servers.database_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
