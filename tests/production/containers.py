"""Containers of a compose file: namespaces and a root folder instead of an engine."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.production import compose
from tests.production.image import PATH, Image

STRANGER = 65534  # whom the databases run as
STOP_SECONDS = 10.0  # Docker's default


class Unhealthy(Exception):
    """Container that ended, or did not become healthy in its time."""


class Container:
    """Process of a service in namespaces of its own; stopped as Docker stops it."""

    def __init__(
        self, name: str, address: str, namespace: str, spec: dict[str, Any], log: Path
    ) -> None:
        self.name = name
        self.address = address
        self.spec = spec
        self.log = log
        self._namespace = namespace
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_started(self) -> bool:
        """Whether the process has been started, and has not been seen to end."""
        return self._process is not None and self._process.poll() is None

    def command_line(self) -> list[str]:
        """The command that runs the process within its network namespace."""
        raise NotImplementedError

    def start(self) -> None:
        """Start the process; its output goes to the end of the log."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ["ip", "netns", "exec", self._namespace, *self.command_line()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def pid(self) -> int:
        """The pid, as this machine sees it, of the container's first process."""
        assert self._process
        return self._process.pid

    def wait(self) -> int:
        """Return the exit code, once the process has ended."""
        assert self._process
        return self._process.wait(120)

    def stop(self) -> float:
        """Stop the process, with the grace that the file gives it; return the seconds it took."""
        assert self._process
        began = time.monotonic()
        with suppress(ProcessLookupError, OSError):
            os.kill(self.pid, signal.SIGTERM)
        grace = compose.seconds(self.spec.get("stop_grace_period", "")) or STOP_SECONDS
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self.kill()
        return time.monotonic() - began

    def kill(self) -> None:
        """Kill the process and everything in its namespaces."""
        assert self._process
        with suppress(ProcessLookupError, OSError):
            os.kill(self.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()

    def restart(self) -> float:
        """Stop the process and start it again; return the seconds that it was not healthy."""
        began = time.monotonic()
        self.stop()
        self.start()
        self.wait_until_healthy()
        return time.monotonic() - began

    def health_command(self) -> list[str] | None:
        """The command of the health check; None without one."""
        check = self.spec.get("healthcheck", {})
        if check.get("disable") or not check.get("test"):
            return None
        kind, *words = check["test"]
        return ["sh", "-c", words[0]] if kind == "CMD-SHELL" else words

    def inside(self, command: Sequence[str]) -> list[str]:
        """Return the command that runs another command within the container."""
        raise NotImplementedError

    def wait_until_healthy(self) -> None:
        """Return once the health check passes. Raises Unhealthy."""
        command = self.health_command()
        if command is None:
            return
        check = self.spec["healthcheck"]
        interval = compose.seconds(check.get("interval", "10s"))
        patience = compose.seconds(check.get("start_period", "")) + interval * check.get(
            "retries", 3
        )
        ends = time.monotonic() + patience
        while time.monotonic() < ends:
            if self._process and self._process.poll() is not None:
                raise Unhealthy(
                    f"{self.name} ended with {self._process.returncode}: see {self.log}"
                )
            with suppress(subprocess.TimeoutExpired):
                if (
                    subprocess.run(self.inside(command), capture_output=True, timeout=5).returncode
                    == 0
                ):
                    return
            time.sleep(0.25)
        raise Unhealthy(f"{self.name} is not healthy after {patience:.0f} s: see {self.log}")


class ImageContainer(Container):
    """Container of the project's own image: in the image's root, as the image's user."""

    def __init__(self, image: Image, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._image = image
        self._command = self.spec.get("command") or list(image.command)

    @property
    def pid(self) -> int:
        """The pid of the init process in the container."""
        outer = super().pid
        ends = time.monotonic() + 10
        while time.monotonic() < ends:
            with suppress(OSError):
                children = Path(f"/proc/{outer}/task/{outer}/children").read_text().split()
                if children:
                    return int(children[0])
            time.sleep(0.02)
        raise Unhealthy(f"{self.name} has no process: see {self.log}")

    def _environment(self) -> list[str]:
        values = self._image.environment | self.spec.get("environment", {})
        return [f"{name}={value}" for name, value in values.items()]

    def command_line(self) -> list[str]:
        root = self._image.root
        mounts = (
            "mount --make-rprivate /",
            f"mount -t proc proc {root}/proc",
            f"mount -t tmpfs tmpfs {root}/tmp",
            f"mkdir -p {root}/dev/shm && mount -t tmpfs tmpfs {root}/dev/shm",
        )
        script = " && ".join((*mounts, 'exec "$@"'))
        namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--"]
        user = f"--userspec={self._image.user}:{self._image.user}"
        clean = ["/usr/bin/env", "-i", "-C", self._image.directory, *self._environment()]
        init = ["tini", "--"] if self.spec.get("init") else []
        return [
            *namespaces,
            *("sh", "-c", script, "sh", "chroot", user, str(root)),
            *(*clean, *init, *self._command),
        ]

    def health_command(self) -> list[str] | None:
        if self.spec.get("healthcheck"):
            return super().health_command()
        return list(self._image.health)

    def wait_until_healthy(self) -> None:
        if not self.spec.get("healthcheck"):
            self.spec["healthcheck"] = {
                "test": ["CMD", *self._image.health],
                "start_period": "20s",
                "retries": 3,
            }
        super().wait_until_healthy()

    def inside(self, command: Sequence[str]) -> list[str]:
        clean = ["/usr/bin/env", "-i", "-C", self._image.directory, *self._environment()]
        return ["nsenter", "-t", str(self.pid), "--all", "--root", *clean, *command]


class DatabaseContainer(Container):
    """Container of PostgreSQL or Valkey: programs of this machine, by the names of the image's."""

    def __init__(self, programs: Path, data: Path, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._programs = programs
        self._data = data

    def command_line(self) -> list[str]:
        arguments = list(self.spec["command"])
        if arguments[0] == "postgres":
            arguments[1:1] = ["-D", str(self._data), "-c", "listen_addresses=*"]
            arguments += ["-c", "unix_socket_directories="]
        else:
            arguments[-1] += f" --bind 0.0.0.0 --dir {self._data}"
        return [*self._as_stranger(), *arguments]

    def inside(self, command: Sequence[str]) -> list[str]:
        return ["nsenter", "-t", str(self.pid), "--net", *self._as_stranger(), *command]

    def _as_stranger(self) -> list[str]:
        values = self.spec.get("environment", {}) | {"PATH": f"{self._programs}:{PATH}"}
        who = ["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups"]
        where = ["/usr/bin/env", "-i", "-C", str(self._data)]
        return [*who, *where, *(f"{name}={value}" for name, value in values.items())]

    def create_cluster(self) -> None:
        """Make the database as the image's entry point does: its user, its password, its name."""
        values = self.spec["environment"]
        password = self._data.parent / "password"
        password.write_text(values["POSTGRES_PASSWORD"])
        shutil.chown(password, STRANGER)
        script = (
            f"initdb -D {self._data} -U {values['POSTGRES_USER']} -A scram-sha-256"
            " --encoding=UTF8 --locale=C.UTF-8"
            f" --pwfile={password} >/dev/null"
            f" && echo 'host all all all scram-sha-256' >> {self._data}/pg_hba.conf"
            f" && echo 'CREATE DATABASE {values['POSTGRES_DB']}'"
            f" | postgres --single -D {self._data} postgres >/dev/null"
        )
        subprocess.run([*self._as_stranger(), "sh", "-c", script], check=True)
