"""The state directory: who holds it, the secrets it keeps, and the URLs of a running instance."""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from app.local import LaunchError, leftovers


@dataclass(frozen=True, slots=True)
class StateSecrets:
    """Secrets made once for a state directory: its data cannot be read without them."""

    jwt_secret: str
    encryption_key: str
    postgres_password: str
    valkey_password: str
    state_id: str

    @classmethod
    def generate(cls) -> "StateSecrets":
        token = secrets.token_hex
        return cls(token(32), token(32), token(24), token(24), token(8))


class StateDir:
    """One directory, held by one launcher at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self.logs = self.path / "logs"
        self.pids = self.path / "pids"
        self._secrets_file = self.path / "secrets.json"
        self._published_file = self.path / "running.json"
        self._lock_file = self.path / "lock"
        self._lock: int | None = None

    def acquire(self) -> None:
        """Create the directory and hold it until `release`, or say who holds it. Ends what a
        killed holder may have left behind."""
        if self._lock is None:
            self._take()
            leftovers.stop_all(self.pids)

    def _take(self) -> None:
        try:
            self._create()
            lock = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise LaunchError(
                f"The state directory {self.path} cannot be written ({error.strerror}); "
                "set STATE_DIR to a directory of your own."
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise LaunchError(
                f"The state directory {self.path} is in use by process {self.holder()}; "
                "stop that one, or set STATE_DIR and PORT to run a second instance."
            ) from None
        os.ftruncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        self._lock = lock

    def release(self) -> None:
        """Give the directory free. Safe to call twice."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def hold_again(self) -> None:
        """Hold the directory that is at this path now, where it is another one than before.

        Raises LaunchError when somebody else holds that one, or it cannot be written.
        """
        if self._lock is not None and not is_at(self._lock, self._lock_file):
            self.release()
            self._take()

    def id(self) -> str | None:
        """Return the id of the secrets that are there now, None where there are none."""
        with contextlib.suppress(FileNotFoundError, ValueError, AttributeError):
            found = json.loads(self._secrets_file.read_text()).get("state_id")
            return found if isinstance(found, str) else None
        return None

    def try_to_write(self) -> None:
        """Write a file of one byte and remove it. Raises OSError where that is not possible."""
        probe = self.path / "writable"
        handle = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(handle, b"1")
        finally:
            os.close(handle)
            probe.unlink()

    def holder(self) -> int | None:
        """The process that holds the directory now, if any."""
        try:
            with self._lock_file.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            with contextlib.suppress(ValueError):  # damaged: it is held all the same
                return int(self._lock_file.read_text() or 0)
            return 0
        except FileNotFoundError:
            return None
        return None

    def secrets(self) -> StateSecrets:
        """The secrets of this directory, made at its first use."""
        try:
            return StateSecrets(**json.loads(self._secrets_file.read_text()))
        except FileNotFoundError:
            pass
        except (TypeError, ValueError):
            raise LaunchError(
                f"{self._secrets_file} is damaged; restore it from a backup of {self.path}."
            ) from None
        if any(self.path.glob("pg*/PG_VERSION")):
            raise LaunchError(
                f"{self.path} holds a database, but its secrets.json is gone; "
                "restore that file, or move the directory away to start afresh."
            )
        made = StateSecrets.generate()
        write_private(self._secrets_file, json.dumps(asdict(made)))
        return made

    def replace_secrets(self, made: StateSecrets) -> None:
        """Keep other secrets from now on; running processes have the former ones."""
        write_private(self._secrets_file, json.dumps(asdict(made)))

    def restart_processes(self) -> int:
        """Let every process of the product end, to be started anew by its launcher; say how many.

        The servers stay, and so does the fork server, which knows nothing of the data.
        """
        return leftovers.end(self.pids, but=("postgres", "valkey", "fork-server"))

    def publish(self, values: Mapping[str, str]) -> None:
        """Let the command line and other tools of this user find the running instance."""
        write_private(self._published_file, json.dumps(dict(values)))

    def published(self) -> dict[str, str]:
        """What the running instance published; refuses when none is running."""
        if self.holder() is None or not self._published_file.exists():
            raise LaunchError(f"No instance is running in {self.path}; start one with `make run`.")
        try:
            values: dict[str, str] = dict(json.loads(self._published_file.read_text()))
        except (ValueError, TypeError):
            raise LaunchError(
                f"{self._published_file} is damaged; stop the instance and start it again."
            ) from None
        return values

    def withdraw(self) -> None:
        """Take the published values back, where the disk allows it: nobody holds it any more."""
        with contextlib.suppress(OSError):
            self._published_file.unlink(missing_ok=True)

    def _create(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        if not any(self.path.iterdir()):
            # Started as root, PostgreSQL runs as another user, who must be able to pass through.
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
        self.logs.mkdir(mode=0o700, exist_ok=True)
        self.pids.mkdir(mode=0o700, exist_ok=True)


def is_at(handle: int, path: Path) -> bool:
    """Say whether an open file is the one at a path."""
    try:
        there = path.stat()
    except OSError:
        return False
    here = os.fstat(handle)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; nobody but its owner can ever read it."""
    partial = path.with_name(path.name + ".new")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
