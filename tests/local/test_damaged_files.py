"""Damaged state files: what can be made anew is set aside, and the start says so."""

import os
from pathlib import Path

import psycopg
import pytest
import redis

from app.local import LaunchError
from app.local.embedded import Embedded
from app.local.state import StateDir
from tests import installations
from tests.waiting import seconds_until

GARBAGE = os.urandom(64) + b"\xff\x00garbage\n" * 20


def used(state: Path) -> None:
    """Leave behind what a run of both servers leaves."""
    installations.put(state)
    with Embedded(state) as servers:
        redis.Redis.from_url(servers.redis_url).set("hint", "x" * 1000)
        with psycopg.connect(servers.database_url) as connection:
            connection.execute("CREATE TABLE kept (word text)")


@pytest.mark.parametrize("where", ["end", "beginning", "manifest", "everything"])
def test_a_damaged_file_of_valkey_keeps_nothing_down(state: Path, where: str) -> None:
    used(state)
    for path in (state / "valkey" / "appendonlydir").iterdir():
        is_manifest = path.name.endswith(".manifest")
        data = path.read_bytes()
        if where == "everything" or (where == "manifest" and is_manifest):
            path.write_bytes(GARBAGE)
        elif where == "end" and path.name.endswith(".incr.aof"):
            path.write_bytes(data + GARBAGE)
        elif where == "beginning" and not is_manifest:
            path.write_bytes(GARBAGE + data)
    with Embedded(state) as servers:
        client = redis.Redis.from_url(servers.redis_url)
        client.set("new", "yes")
        with psycopg.connect(servers.database_url) as connection:
            connection.execute("SELECT word FROM kept")
        (news,) = servers.news
    assert "starts empty, and nothing is lost" in news
    assert list((state / "valkey").glob("damaged-*/appendonlydir"))
    with Embedded(state) as servers:
        assert redis.Redis.from_url(servers.redis_url).get("new") == b"yes"
        assert servers.news == []


def test_a_file_that_is_damaged_while_it_runs_is_set_aside_too(state: Path) -> None:
    installations.put(state)
    with Embedded(state) as servers:
        client = redis.Redis.from_url(servers.redis_url)
        client.set("hint", "x" * 1000)
        for path in (state / "valkey" / "appendonlydir").iterdir():
            path.write_bytes(GARBAGE)
        os.kill(servers.valkey.pid or 0, 9)
        servers.supervise()
        seconds_until(servers.valkey.is_ready, 20)
        assert list((state / "valkey").glob("damaged-*"))


@pytest.mark.parametrize("name", ["running.json", "lock", "pids/valkey.pid", "pids/x.pid", "pg"])
def test_other_files_that_can_be_made_anew_keep_nothing_down(state: Path, name: str) -> None:
    used(state)
    path = state / name
    if name == "pg":
        (path,) = state.glob("pg*/")
        path = path / "postmaster.pid"
    path.write_bytes(GARBAGE)
    with Embedded(state) as servers:
        assert servers.postgres.query("SELECT 41 + 1") == "42"


def test_a_damaged_note_of_a_running_instance_is_said(state: Path) -> None:
    installations.put(state)
    with Embedded(state):
        (state / "running.json").write_bytes(GARBAGE)
        (state / "lock").write_bytes(GARBAGE)
        with pytest.raises(LaunchError, match="damaged"):
            StateDir(state).published()


def test_what_cannot_be_made_anew_stops_the_start_with_a_sentence(state: Path) -> None:
    used(state)
    (state / "secrets.json").write_bytes(GARBAGE)
    with pytest.raises(LaunchError, match="restore it from a backup"):
        Embedded(state).start()
