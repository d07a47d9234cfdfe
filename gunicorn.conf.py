"""How gunicorn serves the web process; gunicorn reads this file at its start."""

import ctypes
import os
import signal
import sys

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
# Each process imports the application after gevent has patched the standard library in it. Patched
# and imported before the fork it starts 0.4 s sooner and takes no less memory in sum, but then the
# master's own waiting goes through gevent, and it did not always stop when told to.
preload_app = False

limit_request_line = 8190  # a hundred ids in a query take most of the default
timeout = 60
graceful_timeout = 4  # no request takes longer; whoever supervises us waits 10 s before it kills
keepalive = 5

# The application logs its requests itself, without the tokens that stand in some URLs.
accesslog = None
errorlog = "-"
loglevel = "warning"

# Its default path would be shared by all instances of this user.
control_socket_disable = True


def post_fork(_server: object, _worker: object) -> None:
    """End with the master when that is killed. A worker would notice by itself, but only after its
    imports, and until then it holds the port that the next master needs."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
