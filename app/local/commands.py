"""The processes of the product: what `make run` supervises."""

import signal
import sys
from collections.abc import Callable, Mapping

from app.config import Config
from app.local.child import Command
from app.local.settings import PROJECT

CommandTable = Callable[[Mapping[str, str], Config], list[Command]]


def product(env: Mapping[str, str], config: Config) -> list[Command]:
    """Web, scheduler, probe workers and the background worker."""

    def python(name: str, *arguments: str, death: signal.Signals = signal.SIGKILL) -> Command:
        # A worker that loses its launcher may die at once: leases bring its work back.
        return Command(name, (sys.executable, "-m", *arguments), env, PROJECT, death_signal=death)

    # SIGQUIT lets gunicorn take its worker processes along.
    web = python("web", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app", death=signal.SIGQUIT)
    probes = [
        python(f"probes-{number}", "workers", "probes") for number in range(1, config.workers + 1)
    ]
    return [
        web,
        *probes,
        python("background", "workers", "background"),
        python("scheduler", "scheduler"),
    ]
