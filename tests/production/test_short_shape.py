"""Every process of docker-compose.yml, started as it says from what the Dockerfile copies.

Namespaces, users, replicas, the proxy and restarts under load are `make production`, which needs
root and minutes. This needs neither: the processes run on this machine, with the tests' servers.
"""

import os
import shlex
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from redis import Redis

from app.local import ports
from tests.production import PROJECT, compose, image
from tests.production.shape import DOT_ENV, SECRETS
from tests.waiting import seconds_until, stretched

COMPOSE = PROJECT / "docker-compose.yml"
# Of the Compose Specification, what may stand at a service here; anything else is a slip.
KEYS = {
    "build", "command", "depends_on", "env_file", "environment", "healthcheck", "image", "init",
    "ports", "restart", "shm_size", "stop_grace_period", "volumes",
}  # fmt: skip
HEALTH_KEYS = {"test", "interval", "timeout", "start_period", "retries", "disable"}
CONDITIONS = {"service_completed_successfully", "service_healthy", "service_started"}


def services():
    return compose.load(COMPOSE, SECRETS)["services"]


def ours():
    return {name: spec for name, spec in services().items() if "build" in spec}


def test_the_compose_file_holds_together():
    whole = compose.load(COMPOSE, SECRETS)
    assert set(whole) - {"x-app"} == {"services", "volumes"}
    for name, spec in whole["services"].items():
        assert set(spec) <= KEYS, name
        check = spec.get("healthcheck", {})
        assert set(check) <= HEALTH_KEYS, name
        for duration in ("interval", "timeout", "start_period"):
            assert duration not in check or compose.seconds(check[duration]) > 0, name
        for needed, how in spec.get("depends_on", {}).items():
            assert how["condition"] in CONDITIONS, name
            is_checked = "test" in whole["services"][needed].get("healthcheck", {})
            assert is_checked or how["condition"] != "service_healthy", f"{name} waits for ever"
            ends = whole["services"][needed].get("restart") == "no"
            assert ends == (how["condition"] == "service_completed_successfully"), name
        for volume in spec.get("volumes", []):
            assert volume.partition(":")[0] in whole["volumes"], name
        for mapping in spec.get("ports", []):
            host, outer, inner = mapping.rsplit(":", 2)
            assert host == "127.0.0.1", "strangers reach it through a proxy only"
            assert 0 < int(outer) < 65536, name
            assert inner in spec["environment"].values(), name


def test_what_a_service_waits_for_does_not_wait_for_it():
    waits = {name: set(spec.get("depends_on", {})) for name, spec in services().items()}
    while free := [name for name, needed in waits.items() if not needed & waits.keys()]:
        for name in free:
            del waits[name]
    assert waits == {}


def test_every_line_of_shell_in_the_dockerfile_is_one():
    for word, rest in image.instructions((PROJECT / "Dockerfile").read_text()):
        if word == "RUN":
            subprocess.run(["sh", "-n", "-c", rest], check=True)
        elif word == "COPY":
            for source in shlex.split(rest)[:-1]:
                assert (PROJECT / source).exists(), source


class Processes:
    """Processes of the project's own services, with ports of this machine."""

    def __init__(self, folder: Path, database_url: str, redis_url: str) -> None:
        self.image = image.copied(PROJECT / "Dockerfile", folder / "root")
        self.folder = folder
        web = ports.choose(None)
        self.ports = {"3001": web, "3002": ports.choose(None, [web])}
        self.url = f"http://127.0.0.1:{web}"
        self.changed = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "HOST": "127.0.0.1",
            "PORT": str(web),
            "PATH": os.environ["PATH"],
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def _here(self, words: list[str]) -> list[str]:
        found = [sys.executable, *words[1:]]
        for inner, port in self.ports.items():
            found = [word.replace(f"0.0.0.0:{inner}", f"127.0.0.1:{port}") for word in found]
            found = [word.replace(f"127.0.0.1:{inner}", f"127.0.0.1:{port}") for word in found]
        return found

    def start(self, name: str) -> subprocess.Popen[bytes]:
        spec = ours()[name]
        settings = self.image.environment | DOT_ENV | spec["environment"] | self.changed
        words = spec.get("command") or list(self.image.command)
        assert words[0] == "python"
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                self._here(words),
                cwd=f"{self.image.root}{self.image.directory}",
                env=settings,
                stdout=log,
                stderr=log,
            )
        return self.running[name]

    def is_healthy(self, name: str) -> bool:
        check = ours()[name].get("healthcheck", {"test": ["CMD", *self.image.health]})
        settings = self.image.environment | self.changed
        command = self._here(check["test"][1:])
        return subprocess.run(command, env=settings, capture_output=True).returncode == 0

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()[-3000:]


@pytest.fixture
def processes(tmp_path, servers, empty_database_url):
    redis_url = f"{servers.redis_url.rpartition('/')[0]}/7"
    found = Processes(
        tmp_path, empty_database_url.replace("postgresql+psycopg", "postgresql"), redis_url
    )
    yield found
    for process in found.running.values():
        process.kill()
        process.wait()
    Redis.from_url(redis_url).flushdb()


def test_every_process_starts_works_and_stops_as_the_files_say(processes):
    assert processes.start("migrate").wait(stretched(60)) == 0, processes.said("migrate")
    for name in ours().keys() - {"migrate"}:
        processes.start(name)
    for name in ("web", "pings"):
        seconds_until(lambda name=name: processes.is_healthy(name), 60)

    def api(method, path, **rest):
        answer = requests.request(method, f"{processes.url}/api/v1{path}", timeout=20, **rest)
        assert answer.ok, answer.text
        return answer.json()

    person = {"email": "ada@example.com", "password": "correct horse battery"}
    api("POST", "/auth/register", json=person | {"full_name": "Ada"})
    signed_in = {"Authorization": f"Bearer {api('POST', '/auth/login', json=person)['token']}"}
    target = processes.url.removeprefix("http://")
    body = {"name": "Itself", "check_type": "TCP", "endpoint": target}
    service = api("POST", "/services", json=body, headers=signed_in)

    def is_green():
        return api("GET", f"/services/{service['id']}", headers=signed_in)["status"] == "GREEN"

    with suppress(AssertionError):
        seconds_until(is_green, 60)
    running = processes.running
    ended = {name: processes.said(name) for name in running if running[name].poll() is not None}
    assert set(ended) == {"migrate"}, ended
    assert is_green(), processes.said("worker")
    for name in ended.keys() ^ running.keys():
        running[name].send_signal(signal.SIGTERM)
    for name in ended.keys() ^ running.keys():
        grace = compose.seconds(ours()[name]["stop_grace_period"])
        assert running[name].wait(stretched(grace)) == 0, processes.said(name)
