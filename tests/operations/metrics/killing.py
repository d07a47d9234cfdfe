"""Periodic jobs in processes that are killed before a statement of the test's choosing."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from app.platform.config import Config
from tests.waiting import seconds_until

_OPEN = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
    AND backend_type = 'client backend'
"""


@contextmanager
def killed_at(job: str, config: Config, **settings: str) -> Iterator[Callable[[int], bool]]:
    """Yield a function that does a job until a statement; it says whether the job was killed."""
    environment = os.environ | {
        "DATABASE_URL": config.database_direct_url,
        "REDIS_URL": config.redis_url,
        "JWT_SECRET": config.jwt_secret,
        "ENCRYPTION_KEY": "ab" * 32,
        **settings,
    }
    url = config.database_direct_url.replace("+psycopg", "")
    command = [sys.executable, "-m", "tests.operations.metrics.killed_job", job]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        psycopg.connect(url, autocommit=True) as connection,
        subprocess.Popen(command, env=environment, **pipes) as program,
    ):
        assert program.stdin
        assert program.stdout

        def until(statement: int) -> bool:
            assert program.stdin
            assert program.stdout
            program.stdin.write(f"{statement}\n")
            program.stdin.flush()
            answer = program.stdout.readline().strip()
            assert answer in ("killed", "done")
            if answer == "killed":
                # Until the server has noticed, what was locked stays so, and is left out.
                seconds_until(lambda: connection.execute(_OPEN).fetchone() == (0,), 20)
            return answer == "killed"

        yield until
        program.stdin.close()
