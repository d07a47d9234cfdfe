"""Accounts and sessions: register, find by e-mail, end tokens."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.domain.accounts.permissions import Role
from app.domain.accounts.plans import FREE
from app.domain.accounts.slugs import slugify
from app.models.members import Membership, RevokedToken, User
from app.models.organization import Organization
from app.operations import audit
from app.operations.accounts import instance, invitations, members
from app.operations.rows import refused
from app.operations.rules import rules as alert_rules
from app.platform.bootstrap import runtime
from app.platform.errors import Conflict, Forbidden, InvalidCode, NotFound
from app.platform.transaction import Transaction, transaction
from app.security import actor


@dataclass(frozen=True, slots=True)
class Credentials:
    """Credentials of a user, and the organization a session starts in."""

    user_id: UUID
    email: str
    password_hash: str
    token_epoch: int
    two_factor: bool
    organization_id: UUID | None  # None: not a member of any organization


_ACCOUNT = (
    User.id,
    User.email,
    User.password_hash,
    User.token_epoch,
    User.totp_enabled_at.is_not(None),
)
# The organization that a user joined first.
_HOME = (
    select(Membership.organization_id)
    .where(Membership.user_id == User.id)
    .order_by(Membership.created_at, Membership.id)
    .limit(1)
    .scalar_subquery()
)


def check_registration(mode: str, *, invited: bool = False) -> None:
    """Raise Forbidden when this server takes no new account; the first is always taken.

    `mode` is that of the environment; what an operator has set goes before it.
    """
    with transaction() as tx:
        _check_registration(tx, mode, invited=invited)


def _check_registration(tx: Transaction, mode: str, *, invited: bool) -> bool:
    first = not tx.session.scalar(select(exists(select(User.id))))
    mode = instance.registration(tx) or mode
    if mode == "closed" and not first:
        raise Forbidden("registration is closed on this server")
    if mode == "invite" and not first and not invited:
        raise Forbidden("registration on this server needs an invitation")
    return first


def options(mode: str) -> dict[str, Any]:
    """Return who may register on this server; `mode` is that of the environment."""
    with transaction() as tx:
        first = not tx.session.scalar(select(exists(select(User.id))))
        mode = instance.registration(tx) or mode
    return {"is_first_account": first, "registration": "open" if first else mode}


def register(
    email: str, password_hash: str, full_name: str, mode: str, invitation: str | None = None
) -> tuple[UUID, UUID]:
    """Create a user and return their id and that of their organization.

    It is their own, on the free plan, or the one that they are invited to. Raises Conflict when the
    e-mail address has an account, Forbidden when registration is closed or the invitation is for
    somebody else, Invalid when it is not valid.
    """
    with transaction() as tx:
        # One registration at a time: "the first account" and "no such address yet" must stay true
        # until the commit.
        tx.session.execute(text("SELECT pg_advisory_xact_lock(hashtext('registration'))"))
        first = _check_registration(tx, mode, invited=invitation is not None)
        if tx.session.scalar(select(exists(select(User.id).where(User.email == email)))):
            raise Conflict("an account with this e-mail address exists already")
        user = User(
            id=members.free_user_id(tx, email),
            email=email,
            password_hash=password_hash,
            full_name=full_name,
            is_operator=first,
        )
        tx.session.add(user)
        tx.session.flush()
        if invitation is None:
            organization_id = _found_organization(tx, user, mode)
        else:
            try:
                organization_id = invitations.redeem(tx, invitation, email, user.id)
            except NotFound as error:
                raise refused(
                    "invitation_token", InvalidCode.WRONG_CREDENTIAL, error.message
                ) from None
        audit.record_of_person(tx, "auth.registered", user.id, email, organization_id)
        result = user.id, organization_id
    return result


def _found_organization(tx: Transaction, user: User, mode: str) -> UUID:
    """Create an organization that belongs to a user, and return its id."""
    is_open = (instance.registration(tx) or mode) == "open"
    name = f"{user.full_name}'s Organization"
    organization = Organization(
        id=uuid4(),
        name=name,
        slug=_free_slug(tx.session, name),
        plan_type=FREE,
        max_services=instance.plan(tx, FREE).max_services,
        is_strangers=is_open and not user.is_operator,
    )
    tx.session.add(organization)
    tx.session.flush()
    tx.session.add(
        Membership(organization_id=organization.id, user_id=user.id, role=Role.OWNER.value)
    )
    alert_rules.add_default_rule(tx, organization.id)
    return organization.id


def _free_slug(session: Session, name: str) -> str:
    slug = slugify(name, "organization")
    if session.scalar(select(exists(select(Organization.id).where(Organization.slug == slug)))):
        slug = f"{slug}-{secrets.token_hex(4)}"
    return slug


def find_account(email: str) -> Credentials | None:
    """Return the account of an e-mail address, None when there is none."""
    with transaction() as tx:
        row = tx.session.execute(select(*_ACCOUNT, _HOME).where(User.email == email)).one_or_none()
    return Credentials(*row) if row else None


def account_at_home(user_id: UUID) -> Credentials | None:
    """Return a user in the organization they joined first, None when there is no such user."""
    with transaction() as tx:
        row = tx.session.execute(select(*_ACCOUNT, _HOME).where(User.id == user_id)).one_or_none()
    return Credentials(*row) if row else None


def account(user_id: UUID, organization_id: UUID) -> Credentials | None:
    """Return a user as a member of an organization, None when they are not one."""
    with transaction() as tx:
        row = tx.session.execute(
            select(*_ACCOUNT, Membership.organization_id)
            .join(Membership, Membership.user_id == User.id)
            .where(User.id == user_id, Membership.organization_id == organization_id)
        ).one_or_none()
    return Credentials(*row) if row else None


def signed_in(found: Credentials, mode: str) -> UUID:
    """Write down that somebody signed in, and return the organization their session starts in.

    Somebody without one (theirs was deleted, or they were removed) founds a new one where
    registration is open. Raises Forbidden where it is not.
    """
    with transaction() as tx:
        organization_id = found.organization_id
        if organization_id is None:
            if (instance.registration(tx) or mode) != "open":
                raise Forbidden("you are not a member of any organization")
            user = tx.session.get_one(User, found.user_id, with_for_update={"key_share": True})
            home = tx.session.scalar(select(_HOME).where(User.id == user.id))
            organization_id = home or _found_organization(tx, user, mode)
        audit.record_of_person(tx, "auth.login", found.user_id, found.email, organization_id)
    return organization_id


def failed(found: Credentials, event: str = "auth.login_failed") -> None:
    """Write down that somebody tried to sign in as a user and could not."""
    with transaction() as tx:
        audit.record_of_person(
            tx, event, found.user_id, found.email, found.organization_id, who=actor.present()
        )


def failed_without_account() -> None:
    """Do the work of `failed` for an address without an account, so that its time tells nothing.

    As there, one row in one statement: the end of a token that was never made, which is forgotten
    within a minute.
    """
    with transaction() as tx:
        tx.session.execute(insert(RevokedToken).values(jti=uuid4(), expires_at=func.now()))


def end_token(user_id: UUID, token_id: UUID, expires_at: datetime | None) -> None:
    """End one token of a user at once."""
    who = actor.present()
    with transaction() as tx:
        tx.session.execute(
            insert(RevokedToken)
            .values(jti=token_id, expires_at=expires_at)
            .on_conflict_do_nothing()
        )
        tx.after_commit(runtime().feed.access_changed, user_id)
        if who.id is not None:
            audit.record_of_person(tx, "auth.logout", who.id, who.email or "", who.organization_id)


def end_all_tokens(user_id: UUID) -> None:
    """End every token of a user at once."""
    who = actor.present()
    with transaction() as tx:
        tx.session.execute(
            update(User).where(User.id == user_id).values(token_epoch=User.token_epoch + 1)
        )
        tx.after_commit(runtime().feed.access_changed, user_id)
        audit.record_of_person(
            tx, "auth.logout_everywhere", user_id, who.email or "", who.organization_id
        )
