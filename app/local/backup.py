"""Backup and restore of a whole installation: `alertifypro backup FILE` and `restore FILE`.

A backup is a tar file: `manifest.json` and `database.dump`, pg_dump's own format, of one snapshot.
It appears under its name only when it is whole. A restore fills a database of its own, brings it to
this version's revision, and takes the old one's place in one transaction; a kill before that leaves
the old one as it was, and after that leaves it beside, under another name.
"""

import contextlib
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import conninfo
from psycopg.rows import scalar_row

from app.local import LaunchError, databases, settings
from app.local.embedded import Embedded
from app.local.migrate import REVISION_QUERY, VERSIONS, upgrade_database
from app.local.postgres_home import find_home
from app.local.state import StateDir
from app.platform.config import Config
from app.platform.crypto import Vault

FORMAT = 1
_MANIFEST, _DUMP = "manifest.json", "database.dump"
_INCOMING = "_incoming_restore"
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Manifest:
    """Manifest of a backup. `encryption_key` is empty unless it was asked for."""

    made_at: str
    revision: str
    key_id: str
    sha256: str
    encryption_key: str = ""
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Installation:
    """Installation: its database, its key, and whether a launcher of ours runs it."""

    database_url: str
    encryption_key: str
    state: StateDir
    is_embedded: bool
    is_running: bool


@contextlib.contextmanager
def installation(environ: Mapping[str, str]) -> Iterator[Installation]:
    """Lend the installation that is set: its servers are started where they do not run."""
    given = settings.read(environ)
    config = settings.check(given)
    state = StateDir(config.state_dir)
    if "DATABASE_URL" in given:
        key = given.get("ENCRYPTION_KEY", "")
        if not key:
            raise LaunchError("ENCRYPTION_KEY is not set: the backup must say which key it needs.")
        # Past a pooler, which has no database of a restore and gives no session to pg_dump.
        yield Installation(_plain(config.database_direct_url), key, state, False, False)
    elif state.holder() is not None:
        published = given | state.published()
        url, key = published["DATABASE_URL"], published["ENCRYPTION_KEY"]
        yield Installation(url, key, state, True, True)
    else:
        with Embedded(state.path, with_valkey=False) as servers:
            secrets = given.get("ENCRYPTION_KEY") or servers.state.secrets().encryption_key
            yield Installation(servers.database_url, secrets, servers.state, True, False)


def backup(
    environ: Mapping[str, str],
    target: Path,
    *,
    with_key: bool,
    source_url: str = "",
    say: Callable[[str], None] = print,
) -> None:
    """Write a backup. `source_url` names another database to read, such as a standby.

    Raises LaunchError.
    """
    with installation(environ) as here:
        url = _plain(source_url or here.database_url)
        partial = target.with_name(f"{target.name}.partial")
        with tempfile.TemporaryDirectory(dir=target.parent or None) as folder:
            dump = Path(folder) / _DUMP
            _client("pg_dump", here.state, url, "-Fc", "-O", "-x", "-f", str(dump))
            with psycopg.connect(url) as connection:
                revision = str(_value(connection, REVISION_QUERY))
            manifest = Manifest(
                made_at=datetime.now(UTC).isoformat(timespec="seconds"),
                revision=revision,
                key_id=_key_id(here.encryption_key),
                sha256=_digest(dump),
                encryption_key=here.encryption_key if with_key else "",
            )
            with (
                os.fdopen(
                    os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"
                ) as f,
                tarfile.open(fileobj=f, mode="w") as archive,
            ):
                text = json.dumps(asdict(manifest), indent=2).encode()
                entry = tarfile.TarInfo(_MANIFEST)
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text))
                archive.add(dump, _DUMP)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(target)
    say(f"Written: {target}")
    if not with_key:
        say("It does not hold ENCRYPTION_KEY: keep that apart; without it no credential is read.")


def restore(
    environ: Mapping[str, str], source: Path, *, say: Callable[[str], None] = print
) -> None:
    """Put a backup in the place of what is here, which is kept beside. Raises LaunchError."""
    with tempfile.TemporaryDirectory() as folder, installation(environ) as here:
        manifest, dump = _read(source, Path(folder))
        if not list(VERSIONS.glob(f"{manifest.revision}_*.py")):
            raise LaunchError(
                f"{source} is of a newer version (revision {manifest.revision}); update first."
            )
        key = _key_for(manifest, here)
        url = _plain(here.database_url)
        name = str(conninfo.conninfo_to_dict(url)["dbname"])
        incoming = f"{name}{_INCOMING}"
        maintenance = conninfo.make_conninfo(url, dbname="postgres")
        databases.create_anew(maintenance, incoming)
        incoming_url = conninfo.make_conninfo(url, dbname=incoming)
        say("Filling a new database ...")
        options = ("-O", "-x", "--exit-on-error", "--single-transaction", "-d", incoming)
        _client("pg_restore", here.state, incoming_url, *options, str(dump))
        upgrade_database(_as_url(here.database_url, incoming))
        kept = f"{name}_before_{time.strftime('%Y%m%d_%H%M%S')}"
        databases.swap(maintenance, name, incoming, kept)
        say(f"Restored. What was there before is the database {kept}; drop it when all is well.")
        _use_key(here, key, say)
        _restart(here, say)


def _key_for(manifest: Manifest, here: Installation) -> str:
    """Return the key that the restored installation needs. Raises LaunchError without one."""
    if _key_id(here.encryption_key) == manifest.key_id:
        return here.encryption_key
    if manifest.encryption_key:
        return manifest.encryption_key
    raise LaunchError(
        "This backup was made with another ENCRYPTION_KEY and does not hold it. Set ENCRYPTION_KEY"
        " to that one and try again: without it no stored credential can be read."
    )


def _use_key(here: Installation, key: str, say: Callable[[str], None]) -> None:
    if key == here.encryption_key:
        return
    if here.is_embedded:
        here.state.replace_secrets(replace(here.state.secrets(), encryption_key=key))
        say("The backup's ENCRYPTION_KEY is in use from the next start on: stop and start now.")
    else:
        say(f"Set ENCRYPTION_KEY to that of the backup, and start every process anew:\n{key}")


def _restart(here: Installation, say: Callable[[str], None]) -> None:
    """Let the running processes begin anew: what they remember is of the time before."""
    if not here.is_running:
        if not here.is_embedded:
            say("Start every process of this installation anew: they remember what was before.")
        return
    say(f"The processes of the running instance begin anew ({here.state.restart_processes()}).")


def _read(source: Path, folder: Path) -> tuple[Manifest, Path]:
    """Return a backup's manifest and its dump, unpacked. Raises LaunchError for a damaged one."""
    dump = folder / _DUMP
    try:
        with tarfile.open(source) as archive:
            described = archive.extractfile(_MANIFEST)
            packed = archive.extractfile(_DUMP)
            if described is None or packed is None:
                raise KeyError(_MANIFEST)
            manifest = Manifest(**json.loads(described.read()))
            with dump.open("wb") as unpacked:
                shutil.copyfileobj(packed, unpacked, _CHUNK)
    except (OSError, tarfile.TarError, KeyError, TypeError, ValueError) as error:
        raise LaunchError(f"{source} is not a backup, or damaged: {error}") from None
    if manifest.format != FORMAT or _digest(dump) != manifest.sha256:
        raise LaunchError(f"{source} is damaged: its content is not what it says.")
    return manifest, dump


def _client(program: str, state: StateDir, url: str, *options: str) -> None:
    """Run a program of PostgreSQL against a database; its password goes by the environment."""
    parts = conninfo.conninfo_to_dict(url)
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
    env = os.environ | {
        names[name]: str(value) for name, value in parts.items() if name in names and value
    }
    env |= {"PGDATABASE": str(parts.get("dbname", ""))}
    if parts.get("sslmode"):
        env["PGSSLMODE"] = str(parts["sslmode"])
    path = shutil.which(program) if "sslmode" in parts else None
    done = subprocess.run(
        [path or find_home(state.path).program(program), *options],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LaunchError(f"{program} failed: {done.stderr.strip()[-1000:]}")


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _as_url(url: str, database: str) -> str:
    head, _, options = url.partition("?")
    base = head.rpartition("/")[0]
    return f"{base}/{database}" + (f"?{options}" if options else "")


def _value(connection: psycopg.Connection[Any], query: str) -> Any:
    return connection.cursor(row_factory=scalar_row).execute(query).fetchone()


def _key_id(key: str) -> str:
    # Read as the settings are: in hex or in base64.
    known = settings.NOT_YET_KNOWN | {"ENCRYPTION_KEY": key}
    return Vault(Config.from_env(known).encryption_key).key_id


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main(command: str, arguments: Any) -> None:
    """Run `backup` or `restore` as the command line asks."""
    path = Path(arguments.file).expanduser().resolve()
    if command == "backup":
        backup(os.environ, path, with_key=arguments.with_key, source_url=arguments.source or "")
    else:
        if not arguments.yes and sys.stdin.isatty():
            answer = input("This replaces everything in this installation. Type yes: ")
            if answer.strip() != "yes":
                raise LaunchError("Nothing was changed.")
        restore(os.environ, path)
