"""Databases of a restore, while the server still works for a restore that was killed."""

import contextlib
import threading
from uuid import uuid4

import psycopg
import pytest

from app.local import databases


@pytest.fixture
def name(servers):
    name = f"incoming_{uuid4().hex}"
    yield name
    with psycopg.connect(servers.database_url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name}")


RIVALS = 3  # creations that were asked for by who was killed: they come to an end


@pytest.mark.parametrize("attempt", ["first", "second", "third"])  # a race: not each hits it
def test_a_database_that_somebody_else_creates_is_created_all_the_same(servers, name, attempt):
    ended = threading.Event()

    def create():
        left = RIVALS
        with psycopg.connect(servers.database_url, autocommit=True) as killed:
            while left and not ended.is_set():
                with contextlib.suppress(psycopg.Error):
                    killed.execute(f"CREATE DATABASE {name} TEMPLATE template0")
                    left -= 1

    other = threading.Thread(target=create)
    other.start()
    try:
        databases.create_anew(servers.database_url, name)
    finally:
        ended.set()
        other.join()
