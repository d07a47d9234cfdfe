"""The web process as shipped, and clients that load it from a process of their own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from app.local import ports
from tests.bench.world import ROOT, World, wait_until


@contextmanager
def gunicorn(world: World, application: str, **environment: str) -> Iterator[tuple[int, int]]:
    """Serve as shipped, its log in a file; yield its port and its process number."""
    port = ports.choose(None)
    log = Path(world.servers.state.path) / "gunicorn.log"
    settings = {"PORT": str(port), "HOST": "127.0.0.1", "LOG_LEVEL": "info", **environment}
    with log.open("a") as lines:
        child = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", application],
            cwd=ROOT,
            env={**world.environment, **settings},
            stderr=lines,
        )
    try:
        assert wait_until(lambda: _answers(port), 30), log.read_text()[-2000:]
        yield port, child.pid
    finally:
        child.terminate()
        child.wait(30)


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/health", timeout=2).ok
    except requests.RequestException:
        return False


def load(
    port: int, wanted: list[str], clients: int, seconds: float, *, keep_alive: bool = True
) -> dict[str, Any]:
    """Let clients send requests, as they travel, one after another; return what they saw."""
    order = {
        "port": port,
        "requests": wanted,
        "clients": clients,
        "seconds": seconds,
        "keep_alive": keep_alive,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.http_clients"],
        cwd=ROOT,
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + 60,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
