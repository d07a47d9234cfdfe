"""Databases of the first release come along, and its processes live beside the new schema."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from psycopg import sql

from tests.test_migrations import alembic_for

ROOT = Path(__file__).parents[1]
FIRST_RELEASE, FIRST_REVISION = "4e83e42", "0005"
# What the first release's processes do in its main flow, by its own tests.
MAIN_FLOW = (
    "tests/operations/test_monitoring.py",
    "tests/operations/test_judging.py",
    "tests/operations/test_outbox.py",
    "tests/operations/test_heartbeat_sweep.py",
    "tests/api/test_services.py",
    "tests/api/test_members.py",
)
OPTIONS = (
    "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:valkey",
    "--hypothesis-seed=0", "--override-ini=timeout=600", "--assert=plain",
)  # fmt: skip
# How the first release's tests empty the tables, and the same planned once for all of them.
_EMPTYING = """    return ";".join(f'DELETE FROM "{name}"' for (name,) in rows)
"""
_QUICK_EMPTYING = """    each = 'IF EXISTS (SELECT FROM "{0}") THEN DELETE FROM "{0}"; END IF;'
    deletes = "".join(each.format(name) for (name,) in rows)
    connection.execute(f"CREATE FUNCTION empty_tables() RETURNS void LANGUAGE plpgsql"
                       f" AS $$ BEGIN {deletes} END $$")
    return "SELECT empty_tables()"
"""
# Where the tests' database is migrated, a copy of it is what its migrations would make.
_CREATION = '"CREATE DATABASE {}"'
_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, NULL), a.attnotnull,
    a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> ''
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
  AND NOT c.relispartition AND c.relname <> 'alembic_version'
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY c.relname, a.attnum
"""
_REFERENCES = """
SELECT conrelid::regclass::text, a.attname, confrelid::regclass::text, f.attname
FROM pg_constraint
JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1]
JOIN pg_attribute f ON f.attrelid = confrelid AND f.attnum = confkey[1]
WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND array_length(conkey, 1) = 1
"""
_PARTITION = """
DO $$ BEGIN EXECUTE format(
    'CREATE TABLE check_results_%s PARTITION OF check_results FOR VALUES FROM (%L) TO (%L)',
    to_char(now(), 'YYYYMMDD'), date_trunc('day', now()),
    date_trunc('day', now()) + interval '1 day'
); END $$
"""
_VALUES = {
    "uuid": "gen_random_uuid()",
    "text": "'text'",
    "integer": "1",
    "smallint": "1",
    "bigint": "1",
    "real": "1",
    "double precision": "1",
    "boolean": "true",
    "timestamp with time zone": "now()",
    "date": "current_date",
    "jsonb": "'{}'",
    "bytea": "'\\x00'",
    "text[]": "'{}'",
    "uuid[]": "'{}'",
}
# Where an application reads more out of a value than its type says.
_SPECIAL = {
    ("users", "contact_methods"): "'[]'",
    ("users", "recovery_code_hashes"): "'{}'",
    ("escalation_policies", "rules"): "'[]'",
    ("notifications", "status"): "'sent'",
    ("services", "status"): "'GREEN'",
    ("services", "check_type"): "'HTTP'",
    ("check_results", "status"): "'RED'",
}


def fill(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Put a row into every table, parents first; return how many rows each table has."""
    connection.execute(_PARTITION)
    tables: dict[str, list[tuple[str, str, bool, bool]]] = {}
    for table, *column in connection.execute(_COLUMNS).fetchall():
        tables.setdefault(table, []).append(tuple(column))
    parents: dict[tuple[str, str], tuple[str, str]] = {
        (table, column): (parent, key)
        for table, column, parent, key in connection.execute(_REFERENCES).fetchall()
    }
    waiting = dict(tables)
    while waiting:
        ready = [
            table
            for table, columns in waiting.items()
            if not any(
                parents.get((table, name), ("", ""))[0] in waiting.keys() - {table}
                and (is_needed or parents[table, name][0] != table)
                for name, _, is_needed, _ in columns
            )
        ]
        assert ready, f"tables refer to each other in a circle: {sorted(waiting)}"
        for table in ready:
            _insert(connection, table, waiting.pop(table), parents)
    return counts(connection)


def _insert(
    connection: psycopg.Connection[Any],
    table: str,
    columns: list[tuple[str, str, bool, bool]],
    parents: dict[tuple[str, str], tuple[str, str]],
) -> None:
    names, values = [], []
    for name, kind, _, has_default in columns:
        parent = parents.get((table, name))
        if parent is not None and parent[0] == table:
            continue  # nobody above the first row
        if parent is not None:
            value = sql.SQL("(SELECT {} FROM {} LIMIT 1)").format(
                sql.Identifier(parent[1]), sql.Identifier(parent[0])
            )
        elif (table, name) in _SPECIAL:
            value = sql.SQL(_SPECIAL[table, name])  # type: ignore[arg-type]
        elif has_default:
            continue
        else:
            value = sql.SQL(_VALUES[kind])  # type: ignore[arg-type]
        names.append(sql.Identifier(name))
        values.append(value)
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table), sql.SQL(", ").join(names), sql.SQL(", ").join(values)
        )
    )


def counts(connection: psycopg.Connection[Any]) -> dict[str, int]:
    names = sorted({row[0] for row in connection.execute(_COLUMNS).fetchall()})
    found = {}
    for name in names:
        row = connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))
        ).fetchone()
        assert row is not None
        found[name] = row[0]
    return found


def test_a_database_of_the_first_release_comes_along_step_by_step(empty_database_url):
    config = alembic_for(empty_database_url)
    command.upgrade(config, FIRST_REVISION)
    plain = empty_database_url.replace("+psycopg", "")
    with psycopg.connect(plain) as connection:
        before = fill(connection)
    assert len(before) > 25
    assert min(before.values()) >= 1, "data in every table"
    scripts = ScriptDirectory.from_config(config)
    later = [script.revision for script in scripts.walk_revisions(FIRST_REVISION, "head")]
    for revision in reversed(later[:-1]):
        command.upgrade(config, revision)
        with psycopg.connect(plain) as connection:
            now = counts(connection)
        lost = {name for name, count in before.items() if now.get(name, 0) < count}
        assert not lost, f"{revision} loses rows of {sorted(lost)}"
    command.downgrade(config, FIRST_REVISION)
    with psycopg.connect(plain) as connection:
        assert counts(connection).keys() == before.keys()


def _archive(folder: Path) -> bool:
    """Unpack the first release; say whether its history is here."""
    git = shutil.which("git")
    if git is None:
        return False
    made = subprocess.run([git, "archive", FIRST_RELEASE], cwd=ROOT, capture_output=True)
    if made.returncode:
        return False
    subprocess.run(["tar", "-x", "-C", str(folder)], input=made.stdout, check=True)
    return True


def _edit(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def test_processes_of_the_first_release_run_beside_the_new_schema(tmp_path, servers):
    """For the length of a rolling restart: expand first, contract in a later release."""
    if not _archive(tmp_path):
        pytest.skip("the history of the first release is not here")
    versions = tmp_path / "migrations" / "versions"
    shutil.rmtree(versions)
    shutil.copytree(ROOT / "migrations" / "versions", versions)
    _edit(tmp_path / "tests" / "conftest.py", _EMPTYING, _QUICK_EMPTYING)
    if servers.is_migrated:
        name = servers.database_url.rpartition("/")[2]
        copying = f'"CREATE DATABASE {{}} TEMPLATE {name}"'
        _edit(tmp_path / "tests" / "conftest.py", _CREATION, copying)
    env = {"TEST_DATABASE_URL": servers.database_url, "TEST_REDIS_URL": servers.redis_url}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *OPTIONS, *MAIN_FLOW],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if "PYTEST" not in name} | env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed" in done.stdout
