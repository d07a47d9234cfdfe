"""Delivery session of messages on the dispatcher of this process."""

from contextlib import suppress

from redis import RedisError

from app.operations.notifications import claim as outbox_claim
from app.operations.notifications import enqueue
from workers.dispatcher import SESSION_SECONDS, Dispatcher
from workers.job import application, job
from workers.watchdog import Host

_dispatcher: Dispatcher | None = None


def start_dispatcher() -> Dispatcher:
    """Make this process the host of a dispatcher."""
    global _dispatcher
    _dispatcher = Dispatcher(application())
    return _dispatcher


def host() -> Host:
    """Return what the watchdog of this process looks after."""
    assert _dispatcher is not None
    dispatcher = _dispatcher
    return Host(
        is_running=lambda: dispatcher.is_running,
        due_for_seconds=_due_for_seconds,
        hint=enqueue.wake_dispatcher,
        run=dispatcher.run,
    )


def _due_for_seconds() -> float | None:
    seconds = outbox_claim.next_due_seconds()
    return None if seconds is None or seconds > 0 else -seconds


@job
def deliver(seconds: float = SESSION_SECONDS) -> None:
    """Send what is due until nothing is, for about a minute at most."""
    if _dispatcher is None:
        raise RuntimeError("no dispatcher in this process: python -m workers notifications")
    if _dispatcher.run(seconds):
        with suppress(RedisError):  # the watchdog and the tick give the same hint
            enqueue.wake_dispatcher()
