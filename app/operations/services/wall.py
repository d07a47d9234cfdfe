"""Wall of an organization: states of its services, for a screen that a whole room sees."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.models.alerts import Alert
from app.models.organization import Organization
from app.models.services import Service
from app.operations.snapshots.alerting import alerting_snapshots
from app.platform.transaction import transaction

_SHOWN = (
    Service.id,
    Service.name,
    Service.check_type,
    Service.environment,
    Service.tags,
    Service.status,
    Service.is_active,
)


def read(organization_id: UUID) -> dict[str, Any]:
    """Return the organization's name, its services by name, and how many alerts are open."""
    own = Service.organization_id == organization_id
    is_open = (
        Alert.organization_id == organization_id,
        Alert.status == "firing",
        Alert.suppressed_by.is_(None),
    )
    with transaction() as tx:
        name = tx.session.scalar(
            select(Organization.name).where(Organization.id == organization_id)
        )
        rows = tx.session.execute(
            select(*_SHOWN).where(own).order_by(Service.name, Service.id)
        ).all()
        open_alerts = tx.session.scalar(select(func.count()).select_from(Alert).where(*is_open))
        current, now = alerting_snapshots(tx, {organization_id})[organization_id], tx.now()
        services = [
            {
                **row._asdict(),
                "in_maintenance": bool(current.windows)
                and current.maintenance_until(row.id, row.tags, now) is not None,
            }
            for row in rows
        ]
    return {"organization": name, "open_alerts": open_alerts, "services": services}
