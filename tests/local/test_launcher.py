"""The launcher with toy processes: start, restart, stop, being killed, and every refusal."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from app.local import ports
from app.local.settings import PROJECT
from tests.local.launched import Launched, environment, eventually_none_survive, survivors
from tests.waiting import seconds_until, stretched

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and parent-death signals")


def local(command: str, state: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "app.local", command],
        env=environment(state, ports.choose(None)),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )


@LINUX
def test_starts_fresh_and_again_and_leaves_nothing(state: Path) -> None:
    for _ in range(2):
        with Launched(state, is_prepared=False) as run:
            line = run.until("ready at")
            assert line.strip() == f"AlertifyPro is ready at http://localhost:{run.port}"
            assert run.get("/ready") == 200
            assert run.stop(signal.SIGINT) == 0
            assert sum("http://" in said for said in run.lines) == 1
            assert run.lines[-1] == "Stopped."
        assert survivors(state) == {}
        assert not list((state / "pids").iterdir())


def test_secrets_are_private_and_last(state: Path) -> None:
    with Launched(state, is_prepared=False) as run:
        run.ready()
        first = (state / "secrets.json").read_text()
        for private in ("secrets.json", "running.json", "valkey/valkey.conf", "lock"):
            assert (state / private).stat().st_mode & 0o077 == 0
    with Launched(state) as run:
        run.ready()
        assert (state / "secrets.json").read_text() == first
    assert not (state / "running.json").exists()


def test_a_killed_child_comes_back(state: Path) -> None:
    with Launched(state) as run:
        run.ready()
        env = published(state)
        works = {
            "postgres": lambda: connects(env["DATABASE_URL"]),
            "valkey": lambda: pings(env["REDIS_URL"]),
            "web": lambda: not ports.is_free(ports.LOOPBACK, run.port),
            "worker": lambda: True,
        }
        for name, is_back in works.items():
            begun = time.monotonic()
            os.kill(run.child(name), signal.SIGKILL)
            run.until(f"{name} was ended by SIGKILL; starting it again")
            run.until(f"{name} runs again")
            seconds_until(is_back, 10)
            assert time.monotonic() - begun < stretched(5.0)  # alone on the machine: 0.2 s


@LINUX
def test_a_killed_launcher_leaves_nothing_and_the_next_one_starts(state: Path) -> None:
    with Launched(state) as run:
        run.ready()
        assert len(survivors(state)) > 4
        run.process.kill()
        run.process.wait()
        eventually_none_survive(state)
    with Launched(state) as run:
        run.ready()


def test_the_next_launcher_starts_while_the_killed_one_is_still_ending(state: Path) -> None:
    with Launched(state) as killed:
        killed.ready()
        killed.process.kill()
    with Launched(state, PORT=str(killed.port)) as run:
        run.ready()


def test_killed_at_any_moment_of_its_first_start(state: Path) -> None:
    for moment in (0.15, 0.3, 0.45, 0.6):
        with Launched(state, is_prepared=False) as run:
            time.sleep(moment)
            run.process.kill()
    with Launched(state) as run:
        run.ready()


def test_two_installations_run_side_by_side(state: Path) -> None:
    with Launched(state / "a") as one, Launched(state / "b") as two:
        one.ready()
        two.ready()
        assert published(state / "a")["DATABASE_URL"] != published(state / "b")["DATABASE_URL"]


def test_a_held_state_directory_names_its_holder(state: Path) -> None:
    with Launched(state) as run:
        run.ready()
        with Launched(state) as second:
            assert second.finish() == 1
        assert f"in use by process {run.process.pid}" in second.said()
        assert len(second.lines) == 1
        assert run.get("/ready") == 200


def test_a_taken_port(state: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with Launched(state, is_prepared=False, PORT=port) as run:
            assert run.finish() == 1
    assert len(run.lines) == 1
    assert f"PORT {port} on 127.0.0.1 cannot be used" in run.said()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"JWT_SECRET": "short"}, "JWT_SECRET is too short"),
        ({"ENCRYPTION_KEY": "xyz"}, "ENCRYPTION_KEY must be 32 bytes"),
        ({"WORKERS": "many"}, "WORKERS must be a whole number"),
        ({"DATABASE_URL": "postgresql://x:y@127.0.0.1:1/z"}, "DATABASE_URL: the database cannot"),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "REDIS_URL: the Redis server cannot"),
        ({"STATE_DIR": "/proc/nowhere"}, "cannot be written"),
    ],
)
def test_a_bad_setting_is_refused_in_one_sentence(
    state: Path, settings: dict[str, str], sentence: str
) -> None:
    with Launched(state, is_prepared=False, **settings) as run:
        assert run.finish() == 1
    assert sentence in run.said()
    assert len(run.lines) == 1


def test_a_child_that_cannot_start_is_quoted(state: Path) -> None:
    with Launched(state, TOY_WORKER="broken") as run:
        assert run.finish() == 1
    assert f"worker cannot start: it exited with code {os.EX_CONFIG}" in run.said()
    assert "Stopped." in run.said()
    assert run.lines[-1] == "  the worker misses its spanner"
    assert survivors(state) == {}


def test_a_child_that_dies_again_and_again_ends_nobody_else(state: Path) -> None:
    with Launched(state, TOY_WORKER="ill") as run:
        run.ready()
        run.until("The end of")
        run.until("no answer from the database")
        run.until("starting it again in 5 s")
        assert run.get("/ready") == 200
        assert run.stop() == 0


def test_a_web_process_that_dies_while_starting_is_quoted(state: Path) -> None:
    with Launched(state, TOY_WEB="ill") as run:
        assert run.finish() == 1
    assert "web cannot start: it exited with code 1" in run.said()
    assert run.lines[-1] == "  no answer from the database"


@LINUX
def test_a_slow_start_is_waited_for_while_it_gets_on(state: Path) -> None:
    with Launched(state, TOY_WEB="slow", TOY_READY_SECONDS=str(stretched(2))) as run:
        run.ready()
        assert run.get("/ready") == 200


def test_a_start_that_stands_still_is_given_up(state: Path) -> None:
    with Launched(state, TOY_WEB="idle", TOY_READY_SECONDS="1") as run:
        assert run.finish() == 1
    assert "The web process was not ready after 1 s" in run.said()
    assert survivors(state) == {}


def test_a_migration_that_fails_is_quoted(state: Path) -> None:
    with Launched(state, TOY_MIGRATIONS="broken") as run:
        assert run.finish() == 1
    assert "The database cannot be migrated:" in run.said()
    assert run.lines[-1] == "  no such column"
    assert survivors(state) == {}


def test_a_second_request_kills_at_once(state: Path) -> None:
    with Launched(state, TOY_WORKER="stubborn") as run:
        run.ready()
        seconds_until(lambda: "stays" in (state / "logs" / "worker.log").read_text(), 10)
        run.process.send_signal(signal.SIGINT)
        run.until("Stopping")
        time.sleep(0.6)
        begun = time.monotonic()
        assert run.stop(signal.SIGINT) == 0
        assert time.monotonic() - begun < stretched(5.0)
    assert "Killing what has not stopped: worker" in run.said()
    assert survivors(state) == {}


def test_env_and_stop(state: Path) -> None:
    assert local("env", state).returncode == 1
    with Launched(state) as run:
        run.ready()
        exported = local("env", state).stdout
        assert f"export DATABASE_URL={published(state)['DATABASE_URL']}\n" in exported
        assert local("stop", state).returncode == 0
        assert run.finish() == 0
    answer = local("stop", state)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "No instance is running" in answer.stderr


def test_given_servers_are_used_and_left_alone(state: Path) -> None:
    with Launched(state / "a") as run:
        run.ready()
        given = published(state / "a")
        urls = {"DATABASE_URL": given["DATABASE_URL"], "REDIS_URL": given["REDIS_URL"]}
        with Launched(state / "b", is_prepared=False, **urls) as guest:
            guest.ready()
            assert {path.name for path in (state / "b" / "pids").iterdir()} == {
                "web.pid",
                "worker.pid",
            }
            assert guest.stop() == 0
        assert connects(given["DATABASE_URL"])


@LINUX
def test_follows_its_parent(state: Path) -> None:
    script = f"{sys.executable} tests/local/toys.py --follow-parent; true"
    parent = subprocess.Popen(
        ["sh", "-c", script],
        env=environment(state, ports.choose(None)),
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
    )
    seconds_until((state / "running.json").exists, 10)
    parent.kill()
    parent.wait()
    eventually_none_survive(state)


def published(state: Path) -> dict[str, str]:
    lines = local("env", state).stdout.splitlines()
    return dict(line.removeprefix("export ").split("=", 1) for line in lines)


def connects(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=30).close()
    except psycopg.OperationalError:
        return False
    return True


def pings(url: str) -> bool:
    try:
        return bool(redis.Redis.from_url(url).ping())
    except redis.RedisError:
        return False
