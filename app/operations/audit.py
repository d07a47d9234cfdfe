"""Audit entries that the triggers cannot write: signing in, and whatever changes no audited row."""

from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from app.models.audit_logs import AuditLog
from app.platform.transaction import Transaction
from app.security import actor
from app.security.actor import Actor


def record(
    tx: Transaction,
    event: str,
    *,
    organization_id: UUID | None,
    resource_type: str,
    resource_id: object,
    resource_name: str | None = None,
    before: Any = None,
    after: Any = None,
    who: Actor | None = None,
) -> None:
    """Write one line of the log in the name of whoever acts now, or of `who`.

    `before` and `after` must hold no secrets.
    """
    who = who or actor.present()
    tx.session.execute(
        insert(AuditLog).values(
            organization_id=organization_id,
            event=event,
            actor_kind=who.kind,
            actor_id=who.id,
            actor_email=who.email,
            actor_address=who.address,
            resource_type=resource_type,
            resource_id=str(resource_id),
            resource_name=resource_name,
            before=before,
            after=after,
        )
    )


def record_of_person(
    tx: Transaction,
    event: str,
    user_id: UUID,
    email: str,
    organization_id: UUID | None,
    *,
    who: Actor | None = None,
) -> None:
    """Write one line about somebody's own account, done by themselves unless `who` says else."""
    record(
        tx,
        event,
        organization_id=organization_id,
        resource_type="user",
        resource_id=user_id,
        resource_name=email,
        who=who or actor.person(user_id, email),
    )
