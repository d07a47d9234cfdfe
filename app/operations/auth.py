"""Accounts and sessions: register, find by e-mail, end tokens."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import exists, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.domain.permissions import Role
from app.domain.slugs import slugify
from app.errors import Conflict, Forbidden
from app.models.members import Membership, RevokedToken, User
from app.models.organization import Organization
from app.transaction import transaction

FREE_PLAN = "free"
FREE_PLAN_SERVICES = 5


@dataclass(frozen=True, slots=True)
class Account:
    """What signing in needs to know of a user, and the organization a session starts in."""

    user_id: UUID
    email: str
    password_hash: str
    token_epoch: int
    organization_id: UUID | None  # None: not a member of any organization


# The organization that a user joined first.
_HOME = (
    select(Membership.organization_id)
    .where(Membership.user_id == User.id)
    .order_by(Membership.created_at, Membership.id)
    .limit(1)
    .scalar_subquery()
)


def check_registration(mode: str) -> None:
    """Raise Forbidden when this server takes no new account; the first is always taken."""
    with transaction() as tx:
        _check_registration(tx.session, mode)


def _check_registration(session: Session, mode: str) -> bool:
    first = not session.scalar(select(exists(select(User.id))))
    if mode == "closed" and not first:
        raise Forbidden("registration is closed on this server")
    if mode == "invite" and not first:
        raise Forbidden("registration on this server needs an invitation")
    return first


def register(email: str, password_hash: str, full_name: str, mode: str) -> tuple[UUID, UUID]:
    """Create a user, their organization and their ownership of it; return both ids.

    Raises Conflict when the e-mail address has an account, Forbidden when registration is closed.
    """
    with transaction() as tx:
        # One registration at a time: "the first account" and "no such address yet" must stay true
        # until the commit.
        tx.session.execute(text("SELECT pg_advisory_xact_lock(hashtext('registration'))"))
        first = _check_registration(tx.session, mode)
        if tx.session.scalar(select(exists(select(User.id).where(User.email == email)))):
            raise Conflict("an account with this e-mail address exists already")
        user = User(
            id=uuid4(),
            email=email,
            password_hash=password_hash,
            full_name=full_name,
            is_operator=first,
        )
        name = f"{full_name}'s Organization"
        organization = Organization(
            id=uuid4(),
            name=name,
            slug=_free_slug(tx.session, name),
            plan_type=FREE_PLAN,
            max_services=FREE_PLAN_SERVICES,
        )
        tx.session.add_all([user, organization])
        tx.session.flush()
        tx.session.add(
            Membership(organization_id=organization.id, user_id=user.id, role=Role.OWNER.value)
        )
        found = user.id, organization.id
    return found


def _free_slug(session: Session, name: str) -> str:
    slug = slugify(name, "organization")
    if session.scalar(select(exists(select(Organization.id).where(Organization.slug == slug)))):
        slug = f"{slug}-{secrets.token_hex(4)}"
    return slug


def find_account(email: str) -> Account | None:
    """Return the account of an e-mail address, None when there is none."""
    with transaction() as tx:
        row = tx.session.execute(
            select(User.id, User.email, User.password_hash, User.token_epoch, _HOME).where(
                User.email == email
            )
        ).one_or_none()
    return Account(*row) if row else None


def account(user_id: UUID, organization_id: UUID) -> Account | None:
    """Return a user as a member of an organization, None when they are not one."""
    with transaction() as tx:
        row = tx.session.execute(
            select(
                User.id,
                User.email,
                User.password_hash,
                User.token_epoch,
                Membership.organization_id,
            )
            .join(Membership, Membership.user_id == User.id)
            .where(User.id == user_id, Membership.organization_id == organization_id)
        ).one_or_none()
    return Account(*row) if row else None


def end_token(token_id: UUID, expires_at: datetime) -> None:
    """End one token at once."""
    with transaction() as tx:
        tx.session.execute(
            insert(RevokedToken)
            .values(jti=token_id, expires_at=expires_at)
            .on_conflict_do_nothing()
        )


def end_all_tokens(user_id: UUID) -> None:
    """End every token of a user at once."""
    with transaction() as tx:
        tx.session.execute(
            update(User).where(User.id == user_id).values(token_epoch=User.token_epoch + 1)
        )
