"""How gunicorn serves the web process; gunicorn reads this file at its start.

The master imports the application and forks the processes that serve: they share the memory of what
was imported. gevent must patch the standard library before that import; a master that is a fork of
the fork server of `make run` has imported much before. The master itself waits without gevent, as
signals and the ends of its children would be late or lost in an event loop, and no loop of it is
inherited.
"""

import ctypes
import gc
import os
import signal
import socket
import sys
import time
import warnings
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from gevent import monkey
from gevent._hub_local import get_hub_if_exists
from gevent.monkey import MonkeyPatchWarning
from gunicorn import arbiter, sock

gc.disable()  # until all is imported: see app/local/fork_server.py

# Processes that serve patch the rest, and the sockets they inherit, once they are forked: in two
# steps on purpose, which gevent warns of; and of modules that have taken something before.
warnings.filterwarnings("ignore", "Patching more than once", MonkeyPatchWarning)
warnings.filterwarnings("ignore", "Monkey-patching ssl after", MonkeyPatchWarning)
monkey.patch_all(os=False, signal=False, queue=False)
import_module("app.platform.late_patch").rebind()
arbiter.time = SimpleNamespace(
    time=time.time, monotonic=time.monotonic, sleep=monkey.get_original("time", "sleep")
)

sock.socket = SimpleNamespace(**vars(socket) | {"socket": monkey.get_original("socket", "socket")})

PR_SET_PDEATHSIG = 1

host = os.environ.get("HOST") or "127.0.0.1"
port = os.environ.get("PORT") or "3001"
processes = os.environ.get("WEB_PROCESSES") or "2"
if not processes.isdecimal() or int(processes) < 1:
    raise SystemExit(f"WEB_PROCESSES must be a whole number from 1 on, not {processes!r}.")

bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
workers = int(processes)

# One thread carries a thousand browsers on the live feed besides the requests.
worker_class = "app.platform.http_worker.GuardedWorker"
worker_connections = 1500
preload_app = True

limit_request_line = 8190  # a hundred ids in a query take most of the default
timeout = 60
graceful_timeout = 4  # no request takes longer; whoever supervises us waits 10 s before it kills
keepalive = 5

# Where a worker shows that it lives; with a /tmp that is read-only none could start.
worker_tmp_dir = import_module("app.platform.scratch").folder()

# The application logs its requests itself, without the tokens that stand in some URLs.
accesslog = None
errorlog = "-"
loglevel = "warning"

# Its default path would be shared by all instances of this user.
control_socket_disable = True


def pre_fork(_server: object, _worker: object) -> None:
    """Leave memory as the processes that serve can share it."""
    if get_hub_if_exists() is not None:
        raise SystemExit("error: an import has started an event loop; a fork would inherit it")
    import_module("app.platform.forks").settle()
    gc.enable()


def post_fork(_server: object, _worker: object) -> None:
    """End with the master when that is killed. A worker would notice by itself, but only after its
    imports, and until then it holds the port that the next master needs."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def worker_exit(_server: object, _worker: object) -> None:
    """End without taking apart what the processes share; one that failed ends as gunicorn says."""
    ended = sys.exception()
    if isinstance(ended, SystemExit) and ended.code == 0:
        import_module("app.platform.process_end").leave(0)


def post_worker_init(worker: Any) -> None:
    """Start what runs beside the requests: a fork has none of the master's threads."""
    import_module(worker.app.app_uri.partition(":")[0]).start()
