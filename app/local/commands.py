"""The processes of the product: what `make run` supervises."""

import sys
from collections.abc import Callable, Mapping

from app.local.child import Command
from app.local.settings import PROJECT
from app.platform.config import Config

# Threads that each keep memory of their own (malloc's arenas) keep what they once needed. A process
# that has once hashed a password would keep the 19 MiB of it: malloc raises both thresholds to the
# largest piece it was given back, unless they are set (mallopt(3)).
_MALLOC = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "1048576",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
}

CommandTable = Callable[[Mapping[str, str], Config], list[Command]]


def product(env: Mapping[str, str], config: Config) -> list[Command]:
    """First the web process, for which people wait; then scheduler and workers."""

    # A title that a process gives itself must not overwrite its environment, by which it is known.
    env = {**_MALLOC, **env, "SPT_NOENV": "1"}

    def python(name: str, *arguments: str) -> Command:
        # Killed at once together with the launcher: leases bring back what a worker had begun.
        # Elsewhere than on Linux a fork that goes on without exec is not safe.
        forks = sys.platform == "linux"
        return Command(name, (sys.executable, "-m", *arguments), env, PROJECT, forks=forks)

    probes = [
        python(f"probes-{number}", "workers", "probes") for number in range(1, config.workers + 1)
    ]
    pings = []
    if config.ping_port:
        address = f"[{config.host}]" if ":" in config.host else config.host
        bind = ("-b", f"{address}:{config.ping_port}", "--workers", "1")
        pings = [python("pings", "gunicorn", "-c", "gunicorn.conf.py", *bind, "wsgi_pings:app")]
    return [
        python("web", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"),
        *probes,
        python("notifications", "workers", "notifications"),
        python("background", "workers", "background"),
        python("metrics", "workers", "metrics"),
        python("scheduler", "scheduler"),
        *pings,
    ]
