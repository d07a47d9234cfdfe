"""Migration of the database to the newest revision, quick when it is there already."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from app.local import LaunchError, preflight, settings
from app.local.child import Command, run_to_end
from app.local.embedded import Embedded
from app.local.logfiles import tail
from app.local.settings import PROJECT
from app.local.state import StateDir, write_private

VERSIONS = PROJECT / "migrations" / "versions"
UPGRADE = ("-m", "alembic", "-c", str(PROJECT / "migrations" / "alembic.ini"), "upgrade", "head")
REVISION_QUERY = "SELECT version_num FROM alembic_version"


def upgrade(
    state: StateDir,
    env: Mapping[str, str],
    read_revision: Callable[[], str | None] | None,
    pause: Callable[[float], None],
) -> bool:
    """Run the migrations unless nothing has changed since the last time; True when they ran.

    Importing Alembic takes longer than everything else in a warm start, so we remember which
    files led to which revision, and believe that only while the database says the same. A database
    that is not ours is always left to Alembic: `read_revision` is None.
    """
    stamp = state.path / "migrated.json"
    files = _digest(VERSIONS)
    if read_revision and stamp.exists() and _read(stamp) == [files, read_revision()]:
        return False
    log = state.logs / "migrate.log"
    begin = log.stat().st_size if log.exists() else 0
    command = Command("migrate", (sys.executable, *UPGRADE), env, PROJECT)
    if run_to_end(command, log, pause):
        raise LaunchError(f"The database cannot be migrated:\n{tail(log, since=begin)}")
    if read_revision:
        write_private(stamp, json.dumps([files, read_revision()]))
    return True


def upgrade_only(environ: Mapping[str, str]) -> None:
    """Migrate the database that is set, else that of the running or the stopped instance."""
    given = settings.read(environ)
    state_dir = settings.check(given).state_dir
    if "DATABASE_URL" in given:
        preflight.check_external(given)
        _upgrade_in_terminal(given)
    elif StateDir(state_dir).holder() is not None:
        _upgrade_in_terminal(given | StateDir(state_dir).published())
    else:
        with Embedded(state_dir, with_valkey=False) as servers:
            _upgrade_in_terminal(given | {"DATABASE_URL": servers.database_url})


def upgrade_database(url: str) -> None:
    """Bring one database to the newest revision. Raises LaunchError with what was said.

    It may be another one than that of the settings, such as the one that a restore fills.
    """
    env = settings.NOT_YET_KNOWN | dict(os.environ) | {"DATABASE_URL": url}
    env["DATABASE_DIRECT_URL"] = url
    done = subprocess.run(
        [sys.executable, *UPGRADE],
        env=env,
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise LaunchError(f"The database cannot be migrated:\n{done.stderr[-2000:]}")


def _upgrade_in_terminal(env: Mapping[str, str]) -> None:
    complete = settings.NOT_YET_KNOWN | dict(env)  # Alembic needs the database and nothing else
    if subprocess.run(
        [sys.executable, *UPGRADE], env=complete, cwd=PROJECT, check=False
    ).returncode:
        raise LaunchError("The database could not be migrated.")


def _digest(directory: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(directory.glob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _read(stamp: Path) -> object:
    try:
        return json.loads(stamp.read_text())
    except ValueError:
        return None
