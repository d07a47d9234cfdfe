"""Runs of the ticks: which process runs one, when it last succeeded, how many it ended."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from app.domain.messages.text import both_ends
from app.operations.health.quarantine import MAX_TRACE, REST_SECONDS, SET_ASIDE_AFTER
from app.platform.transaction import single_statement, transaction

HOST = socket.gethostname()
_BOOT = uuid4().hex[:12]
TICK_SECONDS = 60  # what a tick may take
_MARGIN_SECONDS = 15

_TAKE_FREE = """
INSERT INTO tick_runs (job, holder, begun_at) VALUES (%(job)s, %(holder)s, now())
ON CONFLICT (job) DO UPDATE SET holder = excluded.holder, begun_at = now()
    WHERE tick_runs.holder IS NULL OR tick_runs.holder = excluded.holder
RETURNING losses, set_aside_at > now() - %(rest)s * interval '1 second' AS rests
"""
_TAKE = """
INSERT INTO tick_runs (job, holder, begun_at) VALUES (%(job)s, %(holder)s, now())
ON CONFLICT (job) DO UPDATE SET holder = excluded.holder, begun_at = now(),
    losses = tick_runs.losses + %(lost)s
RETURNING losses, set_aside_at > now() - %(rest)s * interval '1 second'
"""
_FINISH = """
UPDATE tick_runs SET holder = NULL, begun_at = NULL, finished_at = now(), losses = 0, failures = 0,
    trace = NULL, set_aside_at = NULL
WHERE job = %s AND holder = %s
"""
_FAIL = """
UPDATE tick_runs SET holder = NULL, begun_at = NULL, failures = failures + 1, trace = %s
WHERE job = %s AND holder = %s
"""
_LOSE = """
UPDATE tick_runs SET holder = NULL, begun_at = NULL, losses = losses + 1, trace = %(trace)s,
    set_aside_at = CASE WHEN losses + 1 >= %(most)s THEN now() END
WHERE job = %(job)s AND holder = %(holder)s
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """Turn of a process at a tick: `rests` means do nothing; `losses` were in a row."""

    losses: int = 0
    rests: bool = False


def holder() -> str:
    """Return the name of this process, which no other one has, nor a later one with its number."""
    return f"{HOST}:{os.getpid()}:{_BOOT}"


def begin(job: str, seconds: float) -> Turn:
    """Write down that this process runs a tick, and count a loss if another has died of it.

    Of a process on another host it is known only by the `seconds` that a tick may take.
    """
    values = {"job": job, "holder": holder(), "rest": REST_SECONDS}
    free = single_statement(_TAKE_FREE, values)
    if free:  # nearly always
        return Turn(free[0].losses, bool(free[0].rests))
    with transaction() as tx:
        row = tx.driver.execute(
            "SELECT holder, begun_at < now() - %s * interval '1 second' FROM tick_runs"
            " WHERE job = %s FOR UPDATE",
            (seconds + _MARGIN_SECONDS, job),
        ).fetchone()
        other, is_stale = row or (None, False)
        if other is not None and other != holder() and not is_stale and not _is_gone(other):
            return Turn()  # somebody else is at it; to do it twice is harmless
        lost = int(other is not None and other != holder())
        taken = tx.driver.execute(_TAKE, values | {"lost": lost}).fetchone()
        assert taken is not None
    return Turn(taken[0], bool(taken[1]))


def _is_gone(name: str) -> bool:
    """Say whether the process of that name has certainly ended; another host's may live."""
    host, _, rest = name.rpartition(":")[0].rpartition(":")
    if host != HOST:
        return False
    if int(rest) == os.getpid():
        return True  # the same number, and not us: its successor
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def finish(job: str) -> None:
    """Write down that a tick has gone well."""
    single_statement(_FINISH, (job, holder()))


def fail(job: str, trace: str) -> None:
    """Write down that a tick has failed."""
    with transaction() as tx:
        tx.driver.execute(_FAIL, (both_ends(trace, MAX_TRACE), job, holder()))


def lose(job: str, trace: str) -> None:
    """Write down that a tick has ended the process of its own, and set it aside after three."""
    values = {
        "trace": both_ends(trace, MAX_TRACE),
        "most": SET_ASIDE_AFTER,
        "job": job,
        "holder": holder(),
    }
    with transaction() as tx:
        tx.driver.execute(_LOSE, values)


def problem() -> str | None:
    """Return which ticks are set aside or fail again and again; None when all is well."""
    rows: list[tuple[str, int, int, str | None, datetime | None]] = single_statement(
        "SELECT job, losses, failures, trace, set_aside_at FROM tick_runs"
        " WHERE failures >= %(most)s OR set_aside_at IS NOT NULL ORDER BY job LIMIT 10",
        {"most": SET_ASIDE_AFTER},
    )
    lines = [
        f"{job} ended its process {losses} times and is set aside since {at:%H:%M:%S} UTC: "
        f"{(trace or '')[-600:]}"
        if at
        else f"{job} has failed {failures} times in a row: {(trace or '')[-600:]}"
        for job, losses, failures, trace, at in rows
    ]
    return "\n".join(lines) or None


def is_behind(job: str, seconds: float) -> bool:
    """Say whether a tick has last gone well longer ago than that."""
    with transaction() as tx:
        is_late = tx.scalar(
            "SELECT finished_at < now() - %s * interval '1 second' FROM tick_runs WHERE job = %s",
            (seconds, job),
        )
    return is_late is None or bool(is_late)
