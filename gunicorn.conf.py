"""How gunicorn serves the web process; read by gunicorn at its start."""

import os

host = os.environ.get("HOST") or "127.0.0.1"
port = os.environ.get("PORT") or "3001"

bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
workers = int(os.environ.get("WEB_PROCESSES") or 2)

# One thread carries a thousand browsers on the live feed besides the requests.
worker_class = "gevent"
worker_connections = 1500
# Each process imports the application after gevent has patched the standard library in it;
# imported before, ssl and psycopg would keep the blocking versions.
preload_app = False

timeout = 60
graceful_timeout = 10
keepalive = 5

# The application logs its requests itself, without the tokens that stand in some URLs.
accesslog = None
errorlog = "-"
loglevel = "warning"

# Its default path would be shared by all instances of this user.
control_socket_disable = True
