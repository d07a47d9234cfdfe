"""A process that patches the standard library after its imports: everything waits with gevent."""

import json
import os
import subprocess
import sys

import pytest

from app.local.settings import PROJECT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks")

# What the fork server imports, and then what gunicorn does in a fork of it.
BEGINNING = """
import importlib, json, os, runpy, sys, types

for name in ("gunicorn.__main__", "workers.__main__", "scheduler.__main__"):
    importlib.import_module(name)
runpy.run_path("gunicorn.conf.py")

import gevent
from gevent import monkey
"""
LEFT = """
originals = {
    id(value)
    for values in monkey.saved.values() for value in values.values() if callable(value)
}
print(json.dumps({
    "left": sorted(
        f"{name}.{attribute}"
        for name, module in sys.modules.items() if isinstance(module, types.ModuleType)
        if name.partition(".")[0] not in {*sys.stdlib_module_names, "gevent", "__main__"}
        for attribute, value in vars(module).items() if id(value) in originals
    ),
    "database waits by": sys.modules["psycopg.waiting"].wait.__name__,
}))
"""
# Each waits for what only the other does, in one thread.
WAITING = """
import psycopg, redis

def ask_for_lock():
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("SET lock_timeout = '60s'")
        connection.execute("SELECT pg_advisory_lock(%s)", (NUMBER,))

def take_from_list():
    with redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=None) as client:
        return client.blpop([KEY], 60)[1].decode()

NUMBER, KEY = os.getpid(), f"late patch {os.getpid()}"
with psycopg.connect(os.environ["DATABASE_URL"]) as holder:
    holder.execute("SELECT pg_advisory_lock(%s)", (NUMBER,))
    asking, taking = gevent.spawn(ask_for_lock), gevent.spawn(take_from_list)
    while not holder.execute(
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted",
        (NUMBER,),
    ).fetchone():
        gevent.sleep(0.01)
    holder.execute("SELECT pg_advisory_unlock(%s)", (NUMBER,))
    asking.get()
with redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=None) as client:
    client.rpush(KEY, "here")
print(json.dumps({"taken": taking.get()}))
"""


def ended(program, **settings):
    done = subprocess.run(
        [sys.executable, "-c", BEGINNING + program],
        cwd=PROJECT,
        env={**os.environ, "LOG_LEVEL": "error", **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert not done.stderr
    return json.loads(done.stdout)


def test_nothing_keeps_what_blocks_the_process():
    found = ended(LEFT)
    # It asks for what is there already, and is not to take a turn of the loop.
    assert found["left"] == ["app.platform.pool._poll"]
    assert found["database waits by"] == "wait_poll"


def test_greenlets_wait_for_each_other(database_url, servers):
    found = ended(WAITING, DATABASE_URL=database_url, REDIS_URL=servers.redis_url)
    assert found == {"taken": "here"}
