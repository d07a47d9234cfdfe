"""Time limits of thousands of checks, kept by one timer of the event loop.

`asyncio.timeout` sets and cancels a timer of its own for every check: three times the price. Here a
check joins a bucket of those that end in the same twentieth of a second.
"""

import asyncio
import heapq
from types import TracebackType

from app.platform.clock import monotonic

_GRAIN_SECONDS = 0.05  # by so much a limit may be late, never early
_ROUNDING_SECONDS = 0.001  # of the loop's timers, which may come that much too early


class Deadline:
    """Deadline that raises TimeoutError out of its block; `has_passed` tells it afterwards."""

    __slots__ = ("_bucket", "_cancelling", "_task", "has_passed")

    def __init__(self, bucket: "set[Deadline]") -> None:
        self._bucket = bucket
        self.has_passed = False

    def __enter__(self) -> "Deadline":
        task = asyncio.current_task()
        assert task is not None
        self._task, self._cancelling = task, task.cancelling()
        self._bucket.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._bucket.discard(self)
        # As asyncio.timeout does: a cancellation that came from outside as well goes on.
        if (
            self.has_passed
            and self._task.uncancel() <= self._cancelling
            and kind is asyncio.CancelledError
        ):
            raise TimeoutError from error

    def expire(self) -> None:
        """Interrupt the task."""
        self.has_passed = True
        self._task.cancel()


class _Deadlines:
    """The time limits of one event loop.

    Nearly all checks keep them: the timer waits for the first limit that a check may still break.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._buckets: dict[int, set[Deadline]] = {}
        self._order: list[int] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_number = 0  # of the bucket that it waits for

    def bucket(self, seconds: float) -> set[Deadline]:
        number = int((monotonic() + seconds) / _GRAIN_SECONDS) + 1
        found = self._buckets.get(number)
        return self._new_bucket(number) if found is None else found

    def _new_bucket(self, number: int) -> set[Deadline]:
        self._buckets[number] = set()
        heapq.heappush(self._order, number)
        if self._timer is None or number < self._timer_number:
            self._wait_for(number)
        return self._buckets[number]

    def _wait_for(self, number: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        seconds = number * _GRAIN_SECONDS - monotonic() + _ROUNDING_SECONDS
        self._timer, self._timer_number = self.loop.call_later(seconds, self._tick), number

    def _tick(self) -> None:
        self._timer = None
        now = int(monotonic() / _GRAIN_SECONDS)
        while self._order and (self._order[0] <= now or not self._buckets[self._order[0]]):
            for deadline in self._buckets.pop(heapq.heappop(self._order)):
                deadline.expire()
        if self._order:
            self._wait_for(self._order[0])


_last: _Deadlines | None = None  # a process that checks has one loop, only tests have several


def deadline(seconds: float) -> Deadline:
    """Return a time limit to put around a block of the running task, with `with`."""
    global _last
    loop = asyncio.get_running_loop()
    if _last is None or _last.loop is not loop:
        _last = _Deadlines(loop)
    return Deadline(_last.bucket(seconds))
