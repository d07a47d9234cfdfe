"""The table of ticks: data, installed at every start and again by the scheduler."""

from collections.abc import Iterable

from app.domain.locations.regions import is_location
from app.operations.alerts import open_alerts
from app.operations.checks import regions as checked_regions
from app.operations.checks import status_announcements
from app.operations.escalation.levels import ADVANCE_JOB
from app.operations.heartbeats import sweep as heartbeat_sweep
from app.operations.maintenance import announcements, muting
from app.operations.notifications import claim as outbox_claim
from app.operations.notifications.enqueue import QUEUE
from app.operations.status_pages import (
    auto_incidents,
    domains,
    logos,
    maintenance_notices,
    snapshots,
)
from app.platform.queue import DRAIN_JOB, DRAIN_TIMEOUT_SECONDS, METRICS, Tick, probe_queue


def _finds_messages() -> bool:
    seconds = outbox_claim.next_due_seconds()
    return seconds is not None and seconds <= 0


def _finds_heartbeats() -> bool:
    return heartbeat_sweep.due_for_seconds() is not None


def _finds_snapshots() -> bool:
    return snapshots.due_for_seconds() is not None


def _finds_incidents() -> bool:
    return bool(auto_incidents.pages() or maintenance_notices.pages())


def _finds_domains() -> bool:
    return bool(domains.due())


def _finds_logos() -> bool:
    return bool(logos.due())


def _finds_regions() -> bool:
    # Of an open alert it may be said that it is over.
    return open_alerts.are_any_open() or checked_regions.is_anything_wrong()


def _finds_announcements() -> bool:
    return (
        announcements.is_any_due()
        or muting.is_any_deferred()
        or status_announcements.is_any_withheld()
    )


_STANDING = (
    # The watchdogs of the workers look every second whether these have anything to do.
    Tick(
        "workers.notifications.deliver",
        every_seconds=10,
        queue=QUEUE,
        timeout_seconds=240,
        finds_work=_finds_messages,
    ),
    Tick("workers.heartbeats.sweep", every_seconds=10, finds_work=_finds_heartbeats),
    Tick("workers.status_pages.make_snapshots", every_seconds=10, finds_work=_finds_snapshots),
    Tick("workers.status_pages.advance_incidents", every_seconds=10, finds_work=_finds_incidents),
    Tick("workers.status_pages.verify_domains", every_seconds=30, finds_work=_finds_domains),
    Tick("workers.status_pages.fetch_logos", every_seconds=15, finds_work=_finds_logos),
    Tick("workers.status_pages.forget", every_seconds=600),
    # Levels, reminders, snoozes and messages that do not get through are of open alerts. That it
    # has not run for a minute is a problem of the operators.
    Tick(ADVANCE_JOB, every_seconds=5, finds_work=open_alerts.are_any_open, idle_seconds=30),
    Tick("workers.regions.watch", every_seconds=10, finds_work=_finds_regions),
    Tick("workers.announcements.announce", every_seconds=10, finds_work=_finds_announcements),
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
