"""Backup and restore of whole installations: real servers, kills in the middle, other keys."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from app.local import LaunchError, backup, migrate, ports, settings
from app.local.embedded import Embedded
from app.local.settings import PROJECT
from app.local.state import StateDir
from app.platform.crypto import Vault
from tests import installations
from tests.waiting import seconds_until

ROWS = 20_000


def silent(_line: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def filled() -> Iterator[Callable[[Path, str], dict[str, str]]]:
    """Makes installations with rows in them, each a copy of the first that holds the word."""
    with tempfile.TemporaryDirectory(prefix="alertifypro-local-") as folder:
        home = Path(folder).resolve()
        home.chmod(0o711)

        def make(state: Path, word: str) -> dict[str, str]:
            if not (home / word).exists():
                fill(home / word, word)
            if list((home / word).glob("pg*")):
                # With owners: the files of PostgreSQL belong to a user of its own.
                subprocess.run(["cp", "-a", str(home / word), str(state)], check=True)
            else:  # that user cannot enter this directory, and the cluster is elsewhere
                fill(state, word)
            return {"STATE_DIR": str(state)}

        yield make


def fill(state: Path, word: str) -> None:
    """Make an installation with rows in it."""
    is_migrated = installations.put(state, installations.MIGRATED)
    with Embedded(state, with_valkey=False) as servers:
        if not is_migrated:
            migrate.upgrade_database(servers.database_url)
        vault = Vault(bytes.fromhex(servers.state.secrets().encryption_key))
        with psycopg.connect(servers.database_url) as connection:
            organization = connection.execute(
                "INSERT INTO organizations"
                " (id, name, slug, plan_type, max_services, timezone, settings)"
                " VALUES (gen_random_uuid(), %s, %s, 'free', 5, 'UTC', '{}') RETURNING id",
                (word, word),
            ).fetchone()
            assert organization is not None
            connection.execute(
                "INSERT INTO secrets (id, organization_id, name, sealed_value)"
                " VALUES (gen_random_uuid(), %s, 'TOKEN', %s)",
                (organization[0], json.dumps(vault.seal(word))),
            )
            connection.execute("CREATE TABLE ballast (n int PRIMARY KEY, text text)")
            connection.execute(
                "INSERT INTO ballast SELECT n, repeat(md5(n::text), 20)"
                " FROM generate_series(1, %s) n",
                (ROWS,),
            )


def contents(url: str) -> tuple[str, int]:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT (SELECT string_agg(name, ',') FROM organizations),"
            " (SELECT count(*) FROM ballast)"
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def constraints(url: str) -> set[tuple[str, str]]:
    with psycopg.connect(url) as connection:
        return set(
            connection.execute(
                "SELECT conrelid::regclass::text, conname FROM pg_constraint"
                " WHERE connamespace = 'public'::regnamespace"
            ).fetchall()
        )


def test_a_backup_comes_back_whole_in_a_new_installation_with_its_key(tmp_path, state, filled):
    old, new, file = state / "old", state / "new", state / "backup.tar"
    env = filled(old, "first")
    backup.backup(env, file, with_key=True, say=silent)
    assert file.stat().st_mode & 0o077 == 0
    assert not list(state.glob("*.partial"))
    said: list[str] = []
    backup.restore({"STATE_DIR": str(new)}, file, say=said.append)
    assert any("stop and start now" in line for line in said)
    with Embedded(old, with_valkey=False) as servers:
        expected = constraints(servers.database_url)
    with Embedded(new, with_valkey=False) as servers:
        assert contents(servers.database_url) == ("first", ROWS)
        assert constraints(servers.database_url) == expected, "every primary key is there"
        vault = Vault(bytes.fromhex(servers.state.secrets().encryption_key))
        with psycopg.connect(servers.database_url) as connection:
            row = connection.execute("SELECT sealed_value FROM secrets").fetchone()
        assert row is not None
        assert vault.unseal(row[0]) == "first"


def test_without_its_key_a_backup_is_not_restored_elsewhere(state, filled):
    file = state / "backup.tar"
    backup.backup(filled(state / "old", "first"), file, with_key=False, say=silent)
    with tarfile.open(file) as archive:
        manifest = archive.extractfile("manifest.json")
        assert manifest is not None
        assert json.loads(manifest.read())["encryption_key"] == ""
    with pytest.raises(LaunchError, match="another ENCRYPTION_KEY"):
        backup.restore({"STATE_DIR": str(state / "new")}, file, say=silent)
    backup.restore({"STATE_DIR": str(state / "old")}, file, say=silent)


def test_a_restore_while_others_are_connected_and_write(state, filled):
    env = filled(state / "one", "first")
    file = state / "backup.tar"
    backup.backup(env, file, with_key=False, say=silent)
    with Embedded(state / "one", with_valkey=False) as servers:
        url = servers.database_url
        servers.state.publish(
            {"DATABASE_URL": url, "ENCRYPTION_KEY": servers.state.secrets().encryption_key}
        )
        writer = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import psycopg, sys, time\n"
                "while True:\n"
                "    try:\n"
                "        with psycopg.connect(sys.argv[1], autocommit=True) as c:\n"
                "            while True:\n"
                "                c.execute(\"UPDATE organizations SET name = 'second'\")\n"
                "    except psycopg.Error:\n"
                "        time.sleep(0.001)\n",
                url,
            ]
        )
        try:
            before = constraints(url)
            backup.restore(env, file, say=silent)
            assert contents(url)[1] == ROWS
        finally:
            writer.kill()
            writer.wait()
        assert constraints(url) == before
        with psycopg.connect(url) as connection:
            kept = connection.execute(
                "SELECT count(*) FROM pg_database WHERE datname LIKE '%%\\_before\\_%%'"
            ).fetchone()
        assert kept == (1,)
        servers.state.withdraw()


RESTORE = "from app.local.__main__ import main; import sys; sys.exit(main(sys.argv[1:]))"


@pytest.mark.parametrize("seconds", [0.8, 1.6, 2.4])
def test_a_kill_in_the_middle_leaves_what_was_there(state, seconds, filled):
    file = state / "backup.tar"
    backup.backup(filled(state / "old", "first"), file, with_key=True, say=silent)
    env = filled(state / "one", "second")
    with Embedded(state / "one", with_valkey=False) as servers:
        url = servers.database_url
        key = servers.state.secrets().encryption_key
        servers.state.publish({"DATABASE_URL": url, "ENCRYPTION_KEY": key})
        process = subprocess.Popen(
            [sys.executable, "-c", RESTORE, "restore", str(file), "--yes"],
            env=os.environ | env,
            cwd=PROJECT,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert contents(url) in (("second", ROWS), ("first", ROWS))
        backup.restore(env, file, say=silent)
        assert contents(url) == ("first", ROWS)
        servers.state.withdraw()


def test_a_file_that_is_no_backup_or_damaged_changes_nothing(state, filled):
    env = filled(state / "one", "first")
    file = state / "backup.tar"
    backup.backup(env, file, with_key=False, say=silent)
    whole = file.read_bytes()
    for content in (
        b"",
        b"garbage" * 1000,
        whole[: len(whole) // 2],
        whole[:-20_000] + b"x" * 20_000,
    ):
        file.write_bytes(content)
        with pytest.raises(LaunchError, match="damaged"):
            backup.restore(env, file, say=silent)
    with Embedded(state / "one", with_valkey=False) as servers:
        assert contents(servers.database_url) == ("first", ROWS)


def test_an_older_backup_comes_into_ones_own_postgres_beside_a_running_product(
    state, filled, monkeypatch
):
    """Somebody goes on asking that database all the time, as the product's processes do."""
    env, file = filled(state / "old", "first"), state / "backup.tar"
    with Embedded(state / "old", with_valkey=False) as servers:
        alembic(servers.database_url, "downgrade", "0019")
    backup.backup(env, file, with_key=True, say=silent)
    with tarfile.open(file) as archive:
        packed = archive.extractfile("manifest.json")
        assert packed is not None
        manifest = json.loads(packed.read())
    assert manifest["revision"] == "0019"
    filled(state / "own", "second")
    with Embedded(state / "own", with_valkey=False) as servers:
        url, ended = servers.database_url, threading.Event()
        seen: set[str] = set()

        def ask() -> None:
            while not ended.is_set():
                with contextlib.suppress(psycopg.Error), psycopg.connect(url) as connection:
                    row = connection.execute("SELECT name FROM organizations").fetchone()
                    seen.add(row[0] if row else "nobody")

        asking = threading.Thread(target=ask)
        asking.start()
        seconds_until(lambda: "second" in seen, 60)
        own = {"DATABASE_URL": url, "ENCRYPTION_KEY": "ab" * 32, "STATE_DIR": str(state / "none")}
        # Whoever names the database past a pooler has it in the environment of every program.
        monkeypatch.setenv("DATABASE_DIRECT_URL", url)
        said: list[str] = []
        backup.restore(own | {"DATABASE_DIRECT_URL": url}, file, say=said.append)
        with contextlib.suppress(AssertionError):  # below it is said what was seen instead
            seconds_until(lambda: "first" in seen, 60)
        ended.set()
        asking.join()
        assert seen == {"second", "first"}, "whole before, whole after"
        assert contents(url) == ("first", ROWS)
        with psycopg.connect(url) as connection:
            (revision,) = connection.execute(migrate.REVISION_QUERY).fetchone() or ("",)
        assert revision == max(path.name[:4] for path in migrate.VERSIONS.glob("0*.py"))
        assert any(manifest["encryption_key"] in line for line in said)
        assert any("Start every process" in line for line in said)


def alembic(url: str, *arguments: str) -> None:
    configuration = str(PROJECT / "migrations" / "alembic.ini")
    subprocess.run(
        [sys.executable, "-m", "alembic", "-c", configuration, *arguments],
        env=settings.NOT_YET_KNOWN | dict(os.environ) | {"DATABASE_URL": url},
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )


def test_a_backup_of_a_newer_version_is_refused_with_a_sentence(state, filled):
    env = filled(state / "one", "first")
    with (
        Embedded(state / "one", with_valkey=False) as servers,
        psycopg.connect(servers.database_url) as connection,
    ):
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    file = state / "backup.tar"
    backup.backup(env, file, with_key=False, say=silent)
    with pytest.raises(LaunchError, match="newer version"):
        backup.restore(env, file, say=silent)


def test_ports_of_strangers_are_left_alone():
    """`--from` names another database: nobody there is a LaunchError, not a trace."""
    port = ports.choose(None)
    with pytest.raises(LaunchError, match="pg_dump failed"):
        backup._client(
            "pg_dump",
            StateDir(Path("/tmp")),
            f"postgresql://x@127.0.0.1:{port}/x",
            "-f",
            "/dev/null",
        )
