"""Servers that the program could not work on are named at the start, in one sentence."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
import redis
from psycopg import sql

from app.local import external
from app.platform.server_requirements import lacking_in_redis
from tests.free_ports import free_port


@contextmanager
def database(url: str, options: str) -> Iterator[str]:
    """A database beside the one of the tests, made with options of CREATE DATABASE."""
    url = url.replace("postgresql+psycopg://", "postgresql://", 1)
    name = "unfit"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 {options}")
        try:
            yield url.rpartition("/")[0] + f"/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_database_of_another_encoding_is_named(empty_database_url: str) -> None:
    with database(empty_database_url, "ENCODING 'SQL_ASCII' LOCALE 'C'") as url:
        assert "its encoding is SQL_ASCII" in str(external.check_database(url))
    with database(empty_database_url, "ENCODING 'LATIN1' LOCALE 'C'") as url:
        assert "its encoding is LATIN1" in str(external.check_database(url))
    with database(empty_database_url, "ENCODING 'UTF8' LOCALE 'C'") as url:
        assert external.check_database(url) is None


def test_a_user_who_may_not_create_tables_is_told(empty_database_url: str) -> None:
    with database(empty_database_url, "ENCODING 'UTF8'") as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE ROLE guest LOGIN PASSWORD 'guest'")
            connection.execute("REVOKE CREATE ON SCHEMA public FROM public")
        as_guest = psycopg.conninfo.make_conninfo(url, user="guest", password="guest")
        try:
            assert "may not create tables" in str(external.check_database(as_guest))
        finally:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(sql.SQL("DROP ROLE guest"))


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_DIRECT_URL"])
def test_the_sentence_stops_the_start(
    name: str,
    empty_database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with database(empty_database_url, "ENCODING 'SQL_ASCII' LOCALE 'C'") as url:
        monkeypatch.setenv(name, url)
        monkeypatch.delenv("REDIS_URL", raising=False)
        assert external.main() == 1
    assert capsys.readouterr().out == (
        f"{name}: the database cannot be used: its encoding is SQL_ASCII;"
        " create one with ENCODING 'UTF8' TEMPLATE template0.\n"
    )


@pytest.fixture
def redis_server() -> Iterator[Callable[..., redis.Redis]]:
    """A starter of servers of Debian's Redis, which end with the test."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("neither redis-server nor valkey-server is installed")
    started = []

    def start(*options: str) -> redis.Redis:
        port = free_port()
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", *options]
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd="/"))
        client = redis.Redis(
            port=port, retry=redis.retry.Retry(redis.backoff.ConstantBackoff(0.1), 300)
        )
        client.ping()
        return client

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_replica_and_a_cluster_are_named(
    redis_server: Callable[..., redis.Redis], tmp_path: object
) -> None:
    assert lacking_in_redis(redis_server()) is None
    replica = redis_server("--replicaof", "127.0.0.1", "1")
    assert "it is a replica" in str(lacking_in_redis(replica))
    # Its bus would be at the port ten thousand above, where connections of others may be.
    bus = str(free_port())
    options = ("--cluster-enabled", "yes", "--cluster-port", bus, "--dir", str(tmp_path))
    cluster = redis_server(*options)
    assert "it is a cluster" in str(lacking_in_redis(cluster))
