"""Where messages are sent: a delivery session on the courier of this process."""

from contextlib import suppress

from redis import RedisError

from app.operations.notifications import claim as outbox_claim
from app.operations.notifications import enqueue
from workers.dispatcher import SESSION_SECONDS, Courier
from workers.job import application, job
from workers.watchdog import Host

_courier: Courier | None = None


def start_courier() -> Courier:
    """Make this process the host of a courier."""
    global _courier
    _courier = Courier(application())
    return _courier


def host() -> Host:
    """Return what the pump of this process looks after."""
    assert _courier is not None
    courier = _courier
    return Host(
        is_running=lambda: courier.is_running,
        is_anything_due=_is_anything_due,
        hint=enqueue.hint,
        run=courier.run,
    )


def _is_anything_due() -> bool:
    seconds = outbox_claim.next_due_seconds()
    return seconds is not None and seconds <= 0


@job
def deliver(seconds: float = SESSION_SECONDS) -> None:
    """Send what is due until nothing is, for about a minute at most."""
    if _courier is None:
        raise RuntimeError("no courier in this process: python -m workers notifications")
    if _courier.run(seconds):
        with suppress(RedisError):  # the pump and the tick give the same hint
            enqueue.hint()
