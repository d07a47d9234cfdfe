"""Practice outage: a service of an organization that watches an address of ours which fails."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.models.alerts import Alert
from app.models.services import Service
from app.operations.alerts import queries as alert_queries
from app.operations.services import queries
from app.platform.transaction import transaction


def find(organization_id: UUID, prefix: str) -> UUID | None:
    """Return the service that watches an address with this beginning; None when there is none."""
    with transaction() as tx:
        result: UUID | None = tx.session.scalar(
            select(Service.id)
            .where(
                Service.organization_id == organization_id,
                Service.check_type == "HTTP",
                Service.endpoint.startswith(prefix, autoescape=True),
            )
            .order_by(Service.created_at.desc())
            .limit(1)
        )
    return result


def read(organization_id: UUID, prefix: str) -> dict[str, Any]:
    """Return the practice service and its last alert, None where there is none."""
    service_id = find(organization_id, prefix)
    if service_id is None:
        return {"service": None, "alert": None}
    with transaction() as tx:
        alert_id = tx.session.scalar(
            select(Alert.id)
            .where(Alert.organization_id == organization_id, Alert.service_id == service_id)
            .order_by(Alert.fired_at.desc())
            .limit(1)
        )
    return {
        "service": queries.read(organization_id, service_id),
        "alert": alert_queries.read(organization_id, alert_id) if alert_id else None,
    }
