"""Periodic jobs that hurt the process that does them, for the tests of the quarantine."""

import ctypes
import faulthandler
import os
import signal
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from uuid import UUID

from app.operations.health import quarantine
from app.operations.health.quarantine import WorkKind
from app.platform.bootstrap import bootstrap
from workers.job import periodic_job, serve

DONE = "POISON_DONE"
POISONED_ROW, GOOD_ROW = UUID(int=1), UUID(int=2)


@periodic_job()
def fine() -> None:
    """Leave a mark."""
    with open(os.environ[DONE], "a") as mark:
        mark.write("x")


@periodic_job()
def crash() -> None:
    """Read where there is nothing."""
    ctypes.string_at(0)


@periodic_job()
def killed() -> None:
    """Be ended as the kernel does when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


@periodic_job()
def stall() -> None:
    """Never come back."""
    time.sleep(600)


@periodic_job()
def fail() -> None:
    """Raise."""
    raise RuntimeError("a fault of ours")


@periodic_job()
def row_by_row() -> None:
    """Handle two escalations, of which one reads where there is nothing."""
    aside = quarantine.set_aside(WorkKind.ESCALATION)
    ids = [id for id in (POISONED_ROW, GOOD_ROW) if not aside.get(str(id))]
    quarantine.each_apart(WorkKind.ESCALATION, ids, _handle)


def _handle(ids: Sequence[UUID]) -> None:
    if POISONED_ROW in ids:
        ctypes.string_at(0)
    fine.__wrapped__()


def ends_process(job: Callable[[], None]) -> None:
    """Do a job in a process of its own, a fork that has everything imported; assert that it ends
    by a signal."""
    process = get_context("fork").Process(target=_serve, args=(job,))
    process.start()
    process.join(300)
    assert process.exitcode is not None
    assert process.exitcode < 0


def _serve(job: Callable[[], None]) -> None:
    faulthandler.disable()  # it would tell the reader of the tests of a crash that is meant
    serve(bootstrap())  # with connections of its own
    job()
