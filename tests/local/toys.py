"""The launcher with tiny processes in place of the product: `python toys.py run`, for the tests."""

import os
import sys
from collections.abc import Mapping

from app.local import LaunchError, launcher, migrate
from app.local.child import Command
from app.local.settings import PROJECT
from app.platform.config import Config
from app.platform.errors import ConfigError

WEB = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/ready" else 404)
        self.end_headers()
    def log_message(self, *arguments):
        pass
print("web listens", flush=True)
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""
SLOW = """
import time
end = time.process_time() + 2.5
while time.process_time() < end:
    pass
"""
IDLE = "import time; time.sleep(3600)"
BROKEN = """
import os, sys
print("the worker misses its spanner", file=sys.stderr)
sys.exit(os.EX_CONFIG)
"""
# Dies of itself each time it is started: what it needs is not there on this machine today.
ILL = "import sys; sys.exit('no answer from the database')"
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("stays", flush=True)
time.sleep(3600)
"""


def toys(env: Mapping[str, str], _config: Config) -> list[Command]:
    """A web process that is ready at once, and a worker of the kind that TOY_WORKER names."""
    kinds = {"broken": BROKEN, "stubborn": STUBBORN, "ill": ILL}
    worker = kinds.get(env.get("TOY_WORKER", ""), IDLE)
    web = {"slow": SLOW + WEB, "ill": ILL, "idle": IDLE}.get(env.get("TOY_WEB", ""), WEB)
    return [
        Command("web", (sys.executable, "-c", web), env, PROJECT),
        Command("worker", (sys.executable, "-c", worker), env, PROJECT),
    ]


def main() -> int:
    """Like `python -m app.local run`."""
    broken = os.environ.get("TOY_MIGRATIONS") == "broken"
    migrate.UPGRADE = ("-c", "raise SystemExit('no such column')" if broken else "pass")
    launcher.READY_SECONDS = float(os.environ.get("TOY_READY_SECONDS", "60"))
    try:
        launcher.run(os.environ, toys, follow_parent="--follow-parent" in sys.argv)
    except (ConfigError, LaunchError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
