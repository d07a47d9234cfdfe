"""Ticks whose jobs would find nothing to do: they are enqueued once a minute, not at every beat.

A job of RQ costs dozens of commands of Redis and a few transactions, the question whether it would
find anything one statement of the database.
"""

import logging
from collections.abc import Callable, Sequence

from flask import Flask

from app.platform.clock import monotonic
from app.platform.queue import Tick
from app.platform.transaction import DATABASE_AWAY

log = logging.getLogger("scheduler")


class IdleTicks:
    """Memory of when each tick was enqueued last; a new one, after a kill, knows of none."""

    def __init__(self, app: Flask, clock: Callable[[], float] = monotonic) -> None:
        self._app = app
        self._clock = clock
        self._enqueued_at: dict[str, float] = {}

    def forget(self) -> None:
        """Take every tick for one that was never enqueued: Redis may have lost what was."""
        self._enqueued_at.clear()

    def enqueued(self, tick: Tick) -> None:
        """Note that a tick is enqueued now."""
        self._enqueued_at[tick.job_id] = self._clock()

    def needed(self, due: Sequence[Tick]) -> list[Tick]:
        """Return those of the due ticks that are to be enqueued.

        While the database does not answer these are all of them: nobody knows better.
        """
        result: list[Tick] = []
        with self._app.app_context():
            for tick in due:
                try:
                    if self._is_needed(tick):
                        result.append(tick)
                except DATABASE_AWAY as error:
                    log.debug("what is due is not known: %s", error)
                    return [*result, *due[due.index(tick) :]]
                except Exception:
                    log.exception("a tick is enqueued unasked", extra={"tick": tick.job_id})
                    result.append(tick)
        return result

    def _is_needed(self, tick: Tick) -> bool:
        at = self._enqueued_at.get(tick.job_id)
        if tick.finds_work is None or at is None or self._clock() - at >= tick.idle_seconds:
            return True
        return tick.finds_work()
