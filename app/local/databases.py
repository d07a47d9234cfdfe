"""Databases of a restore: one created empty, and one put in the place of another.

`maintenance` is the URL of a database that neither of them is.
"""

import time

import psycopg
from psycopg import sql

from app.local import LaunchError

_SWAP_ATTEMPTS = _CREATE_ATTEMPTS = 50


def create_anew(maintenance: str, name: str) -> None:
    """Create an empty database in the place of what a killed restore has left.

    Raises LaunchError while somebody else creates it again and again.
    """
    with psycopg.connect(maintenance, autocommit=True) as admin:
        for attempt in range(_CREATE_ATTEMPTS):
            admin.execute(_statement("DROP DATABASE IF EXISTS {} WITH (FORCE)", name))
            try:
                admin.execute(_statement("CREATE DATABASE {} TEMPLATE template0", name))
                return
            except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateDatabase):
                # The server goes on with what the killed one asked for until it is done.
                time.sleep(min(0.02 * attempt, 0.5))
    raise LaunchError("Another restore is under way; try again when it is done.")


def swap(maintenance: str, name: str, incoming: str, kept: str) -> None:
    """Let one database take another's place in one transaction, whoever is connected.

    What was there is called `kept` afterwards. Raises LaunchError while it is in use all the time.
    """
    for attempt in range(_SWAP_ATTEMPTS):
        try:
            with psycopg.connect(maintenance) as admin:
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname IN (%s, %s) AND pid <> pg_backend_pid()",
                    (name, incoming),
                )
                admin.execute(_statement("ALTER DATABASE {} RENAME TO {}", name, kept))
                admin.execute(_statement("ALTER DATABASE {} RENAME TO {}", incoming, name))
                return
        except psycopg.errors.ObjectInUse:
            time.sleep(min(0.02 * attempt, 0.5))  # somebody came back in between
    raise LaunchError("The database is in use all the time; stop the processes and try again.")


def _statement(text: str, *names: str) -> sql.Composed:
    return sql.SQL(text).format(*map(sql.Identifier, names))
