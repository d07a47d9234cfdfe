"""Installations that were made before: a cluster that is migrated takes two seconds of a core.

Of each kind the processes of a run make one, when the first of them needs it, and copy it to where
nothing is yet. A copy has secrets of its own; only the password of PostgreSQL, which the cluster
knows, is the same. Without a run of pytest, as for a benchmark, everything is made anew.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from app.local import migrate, settings
from app.local.child import OsUser
from app.local.embedded import Embedded
from app.local.postgres_home import Home, can_enter, find_home
from app.local.state import StateDir, StateSecrets

EMPTY, MIGRATED = "empty", "migrated"  # what is in the database
_FOLDER = "ALERTIFYPRO_TESTS_INSTALLATIONS"


def begin() -> Callable[[], None]:
    """Make the folder of a run, for its processes to come; return what removes it."""
    if _FOLDER in os.environ:  # a run within another one
        return lambda: None
    folder = tempfile.mkdtemp(prefix="alertifypro-installations-")
    Path(folder).chmod(0o711)  # started as root, PostgreSQL passes through as another user
    os.environ[_FOLDER] = folder

    def end() -> None:
        del os.environ[_FOLDER]
        shutil.rmtree(folder, ignore_errors=True)

    return end


def put(state: Path, kind: str = EMPTY) -> bool:
    """Put an installation into a state directory in which nothing is yet; say whether it did."""
    folder = os.environ.get(_FOLDER)
    if folder is None or (state.exists() and any(state.iterdir())):
        return False
    made = _made(Path(folder), kind)
    cluster = next(made.glob("pg*"), None)
    if cluster is None:  # root's own folder for what is temporary is closed to others
        return False
    owner = cluster.stat()
    here = StateDir(state)
    here.acquire()
    here.release()
    if owner.st_uid != os.geteuid() and not can_enter(state, OsUser(owner.st_uid, owner.st_gid)):
        return False  # the cluster is to be elsewhere
    parts = [path for path in made.iterdir() if path.suffix == ".json" or path == cluster]
    subprocess.run(["cp", "-a", "--sparse=always", *parts, state], check=True)
    password = here.secrets().postgres_password
    here.replace_secrets(replace(StateSecrets.generate(), postgres_password=password))
    return True


def _made(folder: Path, kind: str) -> Path:
    """Return an installation of this run, which is made when the first process asks."""
    made = folder / kind
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            state = folder / f"{kind}.new"
            _make(state, kind)
            state.rename(made)
    return made


def _make(state: Path, kind: str) -> None:
    shutil.rmtree(state, ignore_errors=True)  # what somebody who was killed has left
    with Embedded(state, with_valkey=False) as servers:
        if kind == MIGRATED:
            known = {"DATABASE_URL": servers.database_url}
            env = settings.NOT_YET_KNOWN | dict(os.environ) | known
            postgres = servers.postgres
            migrate.upgrade(
                servers.state, env, lambda: postgres.query(migrate.REVISION_QUERY), time.sleep
            )
    for cluster in state.glob("pg*"):
        _drop_log(cluster, find_home(state))


def _drop_log(cluster: Path, home: Home) -> None:
    """Drop the log of a cluster that was stopped and so needs none of it: a third of its size."""
    os_user = home.os_user
    subprocess.run(
        [home.program("pg_resetwal"), cluster],
        user=os_user.uid if os_user else None,
        group=os_user.gid if os_user else None,
        extra_groups=[] if os_user else None,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        stdout=subprocess.DEVNULL,
        check=True,
    )
