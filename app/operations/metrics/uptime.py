"""The uptime of services: the one answer behind the API, badges, status pages and reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.metrics.bucket import Bucket
from app.operations.metrics import corrections, read
from app.operations.metrics.corrections import Correction
from app.platform.transaction import transaction


@dataclass(frozen=True, slots=True)
class Uptime:
    """Uptime of a service in a window, by seconds of its confirmed status.

    `since` and `until` are the window that was answered: its ends are widened to the hour or the
    day where nothing finer is kept any more. `figures.totals` holds milliseconds by kind, which add
    up to the window, and the outages; `figures.totals.uptime_percentage` is None where nothing is
    known.
    """

    service_id: UUID
    since: datetime
    until: datetime
    figures: Bucket
    corrections: tuple[Correction, ...]

    @property
    def percentage(self) -> float | None:
        """Two decimals; 100 and 0 only where it is exact; None: nothing is known."""
        return self.figures.totals.uptime_percentage

    @property
    def nothing_recorded(self) -> bool:
        """Say whether the service has no history in the window at all."""
        return self.figures.totals.pending_ms == self.figures.totals.length_ms


def uptime(service_id: UUID, since: datetime, until: datetime) -> Uptime:
    """Return the uptime of a service over a window that is not empty."""
    return uptimes([service_id], since, until)[service_id]


def uptimes(ids: Sequence[UUID], since: datetime, until: datetime) -> dict[UUID, Uptime]:
    """Return the uptime of services over a window that is not empty."""
    if not ids:
        return {}
    with transaction() as tx:
        parts = read.pieces(tx, since, until)
        begin, end = parts[0].since, parts[-1].until
        figures = read.read(tx, ids, parts)
        active = corrections.active(tx, ids, begin, end)
    return {
        service_id: Uptime(service_id, begin, end, figures[service_id], active[service_id])
        for service_id in ids
    }
