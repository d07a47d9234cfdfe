"""The caller's organization: read and change it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.domain.accounts.permissions import Role
from app.models.escalation_policies import EscalationPolicy
from app.models.organization import Organization
from app.models.services import Service
from app.operations.accounts import members
from app.operations.rows import lock_organization, refused
from app.platform.bootstrap import runtime
from app.platform.errors import Conflict, Forbidden, InvalidCode, NotFound
from app.platform.transaction import transaction


def read(organization_id: UUID) -> dict[str, Any]:
    """Return an organization's answer. Raises NotFound."""
    with transaction() as tx:
        result = _to_json(tx.session, tx.session.get(Organization, organization_id))
    return result


def update(organization_id: UUID, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change an organization and return its answer. Raises Conflict for a slug that is taken."""
    with transaction() as tx:
        organization = lock_organization(tx, organization_id)
        for name, value in changes.items():
            setattr(organization, name, value)
        try:
            tx.session.flush()
        except IntegrityError:
            raise Conflict("this slug is taken") from None
        result = _to_json(tx.session, organization)
    return result


def delete(organization_id: UUID, user_id: UUID, slug: str) -> None:
    """Delete an organization and everything that belongs to it.

    Raises Invalid unless the slug is typed right, Forbidden for somebody who is no owner now.
    """
    with transaction() as tx:
        organization = lock_organization(tx, organization_id, against_references=True)
        if members.role_of(tx, organization_id, user_id) is not Role.OWNER:
            raise Forbidden("only an owner deletes an organization")
        if slug != organization.slug:
            raise refused(
                "slug", InvalidCode.UNCONFIRMED, "Type the slug of the organization to delete it."
            )
        # Locked in order first, as the engine does: the cascade alone locks in any order. Their
        # history has no foreign key and goes in the background.
        values = {"id": organization_id}
        tx.driver.execute(
            "SELECT FROM schedule_entries WHERE service_id IN"
            " (SELECT id FROM services WHERE organization_id = %(id)s)"
            " ORDER BY service_id, region FOR UPDATE",
            values,
        )
        tx.driver.execute(
            "INSERT INTO history_purges (service_id)"
            " SELECT id FROM services WHERE organization_id = %(id)s ON CONFLICT DO NOTHING",
            values,
        )
        tx.driver.execute("DELETE FROM organizations WHERE id = %(id)s", values)
        tx.after_commit(runtime().feed.access_changed, organization_id)


def _to_json(session: Session, organization: Organization | None) -> dict[str, Any]:
    if organization is None:
        raise NotFound
    count = session.scalar(
        select(func.count()).select_from(Service).where(Service.organization_id == organization.id)
    )
    policy_id = session.scalar(
        select(EscalationPolicy.id)
        .where(EscalationPolicy.organization_id == organization.id, EscalationPolicy.is_default)
        .limit(1)
    )
    return {
        "id": organization.id,
        "name": organization.name,
        "slug": organization.slug,
        "plan_type": organization.plan_type,
        "max_services": organization.max_services if runtime().config.plan_limits else None,
        "services_count": count,
        "timezone": organization.timezone,
        "default_escalation_policy_id": policy_id,
        "settings": organization.settings,
        "created_at": organization.created_at,
        "updated_at": organization.updated_at,
    }
