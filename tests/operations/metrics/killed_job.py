"""Program that does a periodic job in children of its own, each killed at another statement.

Reads the numbers of statements from its input, one a line; 0 is never killed. For each it forks a
child that does the job named by its argument, ends it by SIGKILL before that statement or commit,
and answers `killed` or `done`.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import psycopg

from app.operations.metrics import progress, roll_up
from app.operations.reports import monthly
from app.platform.bootstrap import bootstrap

_JOBS = {"roll_up": lambda: roll_up.roll_up(600), "send_due": monthly.send_due}


def _count_down(statements: int) -> None:
    left = statements

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*values: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*values, **options)

        return call

    for owner, name in (
        (psycopg.Cursor, "execute"),
        (psycopg.Cursor, "executemany"),
        (psycopg.Connection, "commit"),
    ):
        setattr(owner, name, watched(getattr(owner, name)))


def main() -> None:
    """Serve until the input ends."""
    app = bootstrap()  # opens no connection yet, so children share none
    progress._SEAL_AFTER_SECONDS = 10**10  # the test says what is sealed
    for line in sys.stdin:
        child = os.fork()
        if not child:
            with app.app_context():
                _count_down(int(line))
                _JOBS[sys.argv[1]]()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        died = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print("killed" if died else "done" if status == 0 else "failed", flush=True)


if __name__ == "__main__":
    main()
