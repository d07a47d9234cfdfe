"""Periodic jobs in processes that are killed before a statement of the test's choosing."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.platform.config import Config


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
    with subprocess.Popen(
        [sys.executable, "-m", "tests.operations.metrics.killed_job", job],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdin
        assert program.stdout

        def until(statement: int) -> bool:
            assert program.stdin
            assert program.stdout
            program.stdin.write(f"{statement}\n")
            program.stdin.flush()
            answer = program.stdout.readline().strip()
            assert answer in ("killed", "done")
            return answer == "killed"

        yield until
        program.stdin.close()
