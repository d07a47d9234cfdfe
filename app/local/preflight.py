"""Conditions that must hold before anything is started; each refusal is one sentence."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping

from app.local import LaunchError, ports
from app.local.settings import PROJECT

LEAVING_SECONDS = 1.5


def check_port(host: str, port: int, pause: Callable[[float], None]) -> None:
    """Refuse when the web process could not listen on its address. Waits a moment, because what
    a killed launcher left behind may still be leaving."""
    deadline = time.monotonic() + LEAVING_SECONDS
    while problem := ports.problem(host, port):
        if time.monotonic() < deadline:
            pause(0.05)
            continue
        raise LaunchError(f"PORT {port} on {host} cannot be used: {problem}; set PORT to another.")


def check_external(env: Mapping[str, str]) -> None:
    """Refuse when a server that is not ours to start does not answer."""
    answer = subprocess.run(
        [sys.executable, "-m", "app.local.external"],
        cwd=PROJECT,
        env=dict(env),
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        raise LaunchError(answer.stdout.strip() or answer.stderr.strip()[-500:])
