"""The application that forks share: what they need not make again, and what they do not inherit."""

import json
import os
import subprocess
import sys

import pytest

from app.local.settings import PROJECT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks")

# Prints what there is before the fork, and what a fork writes to for a query of its own.
PROGRAM = """
import gc, json, os, stat
from app.platform import shared_application
from app.platform.transaction import transaction

def is_socket(number):
    try:
        return stat.S_ISSOCK(os.fstat(int(number)).st_mode)
    except OSError:
        return False

def own_megabytes():
    with open("/proc/self/smaps_rollup") as rollup:
        sizes = {line.split(":")[0]: line.split()[1] for line in rollup if line.endswith("kB\\n")}
    return int(sizes["Private_Dirty"]) / 1024

shared_application.make()
found = {
    "sockets": sum(map(is_socket, os.listdir("/proc/self/fd"))),
    "threads": len(os.listdir("/proc/self/task")),
    "made": shared_application._shared is not None,
}
gc.collect()
gc.freeze()
readable, writable = os.pipe()
if not os.fork():
    before, answer = own_megabytes(), None
    try:
        with shared_application.application().app_context(), transaction() as tx:
            answer = tx.scalar("SELECT 6 * 7")
    except Exception as error:
        answer = type(error).__name__
    written = own_megabytes() - before
    os.write(writable, json.dumps({"answer": answer, "written": written}).encode())
    os._exit(0)
os.wait()
print(json.dumps(found | json.loads(os.read(readable, 1000))))
"""


def forked(settings, program=PROGRAM):
    environment = {
        **os.environ,
        "JWT_SECRET": "a secret of the tests, long enough to be taken",
        "ENCRYPTION_KEY": "ab" * 32,
        "LOG_LEVEL": "error",
        **settings,
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return json.loads(done.stdout)


def test_forks_share_the_application_and_no_connection(database_settings, servers):
    found = forked({**database_settings, "REDIS_URL": servers.redis_url})
    assert (found["sockets"], found["threads"], found["made"]) == (0, 1, True)
    assert found["answer"] == 42
    # An application of its own and a first query: 13 MB.
    assert found["written"] < 7


def test_forks_are_made_while_the_servers_are_away():
    away = {"DATABASE_URL": "postgresql://a@127.0.0.1:9/a", "REDIS_URL": "redis://127.0.0.1:9/0"}
    found = forked(away)
    assert (found["sockets"], found["threads"], found["made"]) == (0, 1, True)
    assert found["answer"] == "OperationalError"


def test_with_wrong_settings_each_fork_says_so_itself():
    found = forked({"DATABASE_URL": "nonsense", "REDIS_URL": "redis://127.0.0.1:9/0"})
    assert not found["made"]
    assert found["answer"] == "ConfigError"


# The same for the processes of gunicorn, whose standard library is that of gevent.
WEB_PROGRAM = """
import json, os, runpy, stat

configuration = runpy.run_path("gunicorn.conf.py")
from gevent import hub
from gevent._hub_local import set_default_hub_class

loops = []

class Hub(hub.Hub):
    def __init__(self, *args, **options):
        loops.append(self)
        super().__init__(*args, **options)

set_default_hub_class(Hub)
import wsgi
from gevent import monkey
from app.api.openapi.shared_document import document_of

def is_socket(number):
    try:
        return stat.S_ISSOCK(os.fstat(int(number)).st_mode)
    except OSError:
        return False

def own_megabytes():
    with open("/proc/self/smaps_rollup") as rollup:
        sizes = {line.split(":")[0]: line.split()[1] for line in rollup if line.endswith("kB\\n")}
    return int(sizes["Private_Dirty"]) / 1024

configuration["pre_fork"](None, None)
found = {
    "sockets": sum(map(is_socket, os.listdir("/proc/self/fd"))),
    "threads": len(os.listdir("/proc/self/task")),
    "loops": len(loops),
}
readable, writable = os.pipe()
if not os.fork():
    monkey.patch_all()
    document = document_of(wsgi.app)
    document._maker.make = lambda app: b"made again"
    described = json.loads(document.body())["info"]["title"]
    before = own_megabytes()
    status = wsgi.app.test_client().get("/api/v1/auth/options").status_code
    found |= {"answer": status, "written": own_megabytes() - before, "described": described}
    os.write(writable, json.dumps(found).encode())
    os._exit(0)
os.wait()
print(os.read(readable, 1000).decode())
"""


def test_processes_of_the_web_share_what_requests_make_and_the_document(database_settings, servers):
    found = forked({**database_settings, "REDIS_URL": servers.redis_url}, WEB_PROGRAM)
    assert (found["sockets"], found["threads"], found["answer"]) == (0, 1, 200)
    assert found["loops"] == 0
    assert found["described"] == "AlertifyPro"
    # 15.8 MB where the master has asked and answered nothing.
    assert found["written"] < 13.5


def test_the_web_begins_while_the_servers_are_away():
    away = {"DATABASE_URL": "postgresql://a@127.0.0.1:9/a", "REDIS_URL": "redis://127.0.0.1:9/0"}
    found = forked(away, WEB_PROGRAM)
    assert (found["sockets"], found["threads"], found["answer"]) == (0, 1, 503)
    assert found["loops"] == 0
    assert found["described"] == "AlertifyPro"
