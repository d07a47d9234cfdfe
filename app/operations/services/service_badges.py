"""The figures on a service's badges."""

from datetime import timedelta
from uuid import UUID

from app.domain.checks import badges
from app.domain.checks.badges import Badge
from app.domain.types import Status
from app.operations.metrics import read
from app.operations.metrics.uptime import uptime
from app.operations.snapshots.alerting import alerting_snapshots
from app.platform.errors import NotFound
from app.platform.transaction import Transaction, transaction

_DAY = timedelta(days=1)
_SERVICE = """
SELECT id, organization_id, name, status, is_active, tags, now() FROM services WHERE badge_key = %s
"""


def badge(key: str, what: str, days: int) -> Badge:
    """Return a badge: `status`, `uptime` of the last `days`, or `response`: the median response
    time of the last 24 hours. Raises NotFound for an unknown key."""
    with transaction() as tx:
        row = tx.driver.execute(_SERVICE, (key,)).fetchone()
        if row is None:
            raise NotFound
        service_id, organization_id, name, status, is_active, tags, now = row
        if what == "status":
            book = alerting_snapshots(tx, [organization_id])[organization_id]
            in_maintenance = book.maintenance_until(service_id, tags, now) is not None
            return badges.of_service(
                name, Status(status), is_active=is_active, in_maintenance=in_maintenance
            )
        if what == "response":
            return badges.of_duration(name, _median(tx, service_id))
    return badges.of_uptime(name, uptime(service_id, now - days * _DAY, now).percentage)


def _median(tx: Transaction, service_id: UUID) -> float | None:
    now = tx.now()
    parts = read.pieces(tx, now - _DAY, now)
    figures = read.read(tx, [service_id], parts, with_histogram=True)[service_id]
    (median,) = figures.percentiles(0.5)
    return median
