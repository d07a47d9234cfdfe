"""The person behind a session: read and change them, their password, their organizations."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.models.members import Membership, User
from app.models.organization import Organization
from app.operations import audit
from app.operations.accounts import contact_methods, preferences
from app.operations.notifications import system_mail
from app.platform.bootstrap import runtime
from app.platform.errors import Conflict, NotFound
from app.platform.transaction import Transaction, transaction
from app.security.sealing import mask


def read(user_id: UUID) -> dict[str, Any]:
    """Return a user's answer. Raises NotFound."""
    with transaction() as tx:
        result = _to_json(tx, tx.session.get(User, user_id))
    return result


def change(user_id: UUID, organization_id: UUID, data: Mapping[str, Any]) -> dict[str, Any]:
    """Change the given fields of a user and return their answer.

    A new e-mail address ends a password reset under way, and the old one hears of it. Raises
    Conflict for an e-mail address in use, Invalid for a contact method that is none.
    """
    changes = dict(data)
    wanted = changes.pop("preferences", None)
    with transaction() as tx:
        user = tx.session.get_one(User, user_id, with_for_update={"key_share": True})
        before = user.email
        if "contact_methods" in changes:
            changes["contact_methods"] = contact_methods.sealed(
                user.contact_methods, changes["contact_methods"], runtime().vault
            )
        for name, value in changes.items():
            setattr(user, name, value)
        if user.email != before:
            user.password_reset_hash = user.password_reset_expires_at = None
        try:
            tx.session.flush()
        except IntegrityError:
            raise Conflict("an account with this e-mail address exists already") from None
        if "contact_methods" in changes or user.email != before:
            contact_methods.redirect(tx, user)
        if wanted is not None:
            preferences.replace(tx, user_id, wanted)
        if user.email != before:
            text = (
                "Your e-mail address on AlertifyPro was changed. If it was not you, tell an admin."
            )
            system_mail.enqueue_mail(
                tx, organization_id, before, "Your e-mail address was changed", text
            )
        result = _to_json(tx, user)
    return result


def password_hash(user_id: UUID) -> str:
    """Return what is stored of a user's password. Raises NotFound."""
    with transaction() as tx:
        result = tx.session.scalar(select(User.password_hash).where(User.id == user_id))
    if result is None:
        raise NotFound
    return result


def set_password(user_id: UUID, organization_id: UUID, old_hash: str, new_hash: str) -> None:
    """Replace a password and end every token of the user.

    Raises Conflict when somebody else replaced it since `old_hash` was compared.
    """
    with transaction() as tx:
        changed = tx.session.execute(
            update(User)
            .where(User.id == user_id, User.password_hash == old_hash)
            .values(
                password_hash=new_hash,
                token_epoch=User.token_epoch + 1,
                password_reset_hash=None,
                password_reset_expires_at=None,
            )
            .returning(User.email)
        ).one_or_none()
        if changed is None:
            raise Conflict("the password was changed meanwhile")
        tx.after_commit(runtime().feed.access_changed, user_id)
        audit.record_of_person(tx, "auth.password_changed", user_id, changed.email, organization_id)


def organizations(user_id: UUID) -> list[dict[str, Any]]:
    """Return the organizations of a user and their role in each, in alphabetical order."""
    with transaction() as tx:
        rows = tx.session.execute(
            select(
                Organization.id,
                Organization.name,
                Organization.slug,
                Organization.plan_type,
                Organization.timezone,
                Membership.role,
            )
            .join(Membership, Membership.organization_id == Organization.id)
            .where(Membership.user_id == user_id)
            .order_by(Organization.name, Organization.id)
        ).all()
    return [dict(row._mapping) for row in rows]


def _to_json(tx: Transaction, user: User | None) -> dict[str, Any]:
    if user is None:
        raise NotFound
    return {
        "id": user.id,
        "email": user.email,
        "full_name": user.full_name,
        "timezone": user.timezone,
        "contact_methods": mask(user.contact_methods),
        "preferences": preferences.read(tx, user.id),
        "is_operator": user.is_operator,
        "two_factor_enabled": user.totp_enabled_at is not None,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }
