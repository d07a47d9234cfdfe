"""The table of ticks: data, installed at every start and again by the scheduler."""

from collections.abc import Iterable

from app.domain.locations.regions import is_location
from app.operations.notifications.enqueue import QUEUE
from app.platform.queue import DRAIN_JOB, DRAIN_TIMEOUT_SECONDS, METRICS, Tick, probe_queue

_STANDING = (
    # The watchdogs of the workers look every second whether these have anything to do.
    Tick("workers.notifications.deliver", every_seconds=10, queue=QUEUE, timeout_seconds=240),
    Tick("workers.heartbeats.sweep", every_seconds=10),
    Tick("workers.status_pages.make_snapshots", every_seconds=10),
    Tick("workers.status_pages.advance_incidents", every_seconds=10),
    Tick("workers.status_pages.verify_domains", every_seconds=30),
    Tick("workers.status_pages.fetch_logos", every_seconds=15),
    Tick("workers.status_pages.forget", every_seconds=600),
    Tick("workers.escalations.advance", every_seconds=5),
    Tick("workers.regions.watch", every_seconds=10),
    Tick("workers.announcements.announce", every_seconds=10),
    Tick("workers.announcements.warn_of_certificates", every_seconds=60),
    Tick("workers.housekeeping.repair", every_seconds=15),
    Tick("workers.housekeeping.forget", every_seconds=60),
    Tick("workers.heartbeats.forget", every_seconds=600),
    Tick("workers.housekeeping.keep_partitions", every_seconds=3600),
    Tick("workers.metrics.roll_up", every_seconds=60, queue=METRICS, timeout_seconds=600),
    Tick("workers.metrics.send_reports", every_seconds=300, queue=METRICS),
    Tick("workers.metrics.freeze", every_seconds=600, queue=METRICS, timeout_seconds=7200),
)


def ticks(regions: Iterable[str]) -> list[Tick]:
    """Return every tick: the periodic jobs, and a drain session for each region."""
    drains = [
        Tick(
            DRAIN_JOB,
            every_seconds=5,
            queue=probe_queue(region),
            args=(region,),
            timeout_seconds=DRAIN_TIMEOUT_SECONDS,
        )
        for region in sorted({"default", *regions})
        if not is_location(region)  # agents claim by themselves
    ]
    return [*_STANDING, *drains]
