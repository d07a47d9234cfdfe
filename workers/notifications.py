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
        is_anything_due=_is_anything_due,
        hint=enqueue.wake_dispatcher,
        run=dispatcher.run,
    )


def _is_anything_due() -> bool:
    seconds = outbox_claim.next_due_seconds()
    return seconds is not None and seconds <= 0


@job
def deliver(seconds: float = SESSION_SECONDS) -> None:
    """Send what is due until nothing is, for about a minute at most."""
    if _dispatcher is None:
        raise RuntimeError("no dispatcher in this process: python -m workers notifications")
    if _dispatcher.run(seconds):
        with suppress(RedisError):  # the watchdog and the tick give the same hint
            enqueue.wake_dispatcher()
