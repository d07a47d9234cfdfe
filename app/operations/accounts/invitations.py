"""Invitations: a link for one e-mail address, good once, for a week, and while its maker counts."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select

from app.domain.accounts import permissions
from app.domain.accounts.permissions import may_appoint
from app.models.invitations import Invitation
from app.models.members import Membership, User
from app.models.organization import Organization
from app.operations.accounts import members
from app.operations.notifications import system_mail
from app.operations.resource import Most, Resource
from app.operations.rows import lock_organization
from app.platform.bootstrap import runtime
from app.platform.crypto import digest, random_key
from app.platform.errors import Conflict, Forbidden, NotFound, TooManyRequests
from app.platform.transaction import Transaction, transaction
from app.security import limits
from app.security.principals import Principal

LIFETIME = timedelta(days=7)
_A_DAY = 24 * 3600
_MOST_A_DAY = 100
_NOT_VALID = "this invitation is not valid, or no longer"


class _Invitations(Resource[Invitation, UUID]):
    """Invitations that nobody has accepted yet."""

    model = Invitation
    most = Most(10_000, "invitations")

    def to_list(
        self, tx: Transaction, who: UUID, rows: Sequence[Invitation]
    ) -> list[dict[str, Any]]:
        now = tx.now()
        return [_to_json(row) | {"is_expired": row.expires_at <= now} for row in rows]


_INVITATIONS = _Invitations()
listed, delete = _INVITATIONS.listed, _INVITATIONS.delete


def invite(principal: Principal, email: str, role_name: str) -> dict[str, Any]:
    """Invite an address, or renew its invitation, and return the answer with the link.

    Whether the address has an account does not show. Raises Forbidden for a role above the
    principal's, Conflict for a member, TooManyRequests after a hundred a day.
    """
    organization_id = principal.organization_id
    if not limits.is_within("invitations", str(organization_id), _MOST_A_DAY, _A_DAY):
        raise TooManyRequests("too many invitations today", 3600)
    token = random_key()
    with transaction() as tx:
        organization = lock_organization(tx, organization_id)
        members.check_appointment(tx, organization_id, principal, role_name)
        user_id = members.check_newcomer(tx, organization_id, email)
        row = tx.session.scalar(
            select(Invitation).where(
                Invitation.organization_id == organization_id, Invitation.email == email
            )
        )
        if row is None:
            _INVITATIONS.refuse_more(tx, organization_id)
            row = Invitation(organization_id=organization_id, email=email)
            tx.session.add(row)
        row.user_id = user_id
        row.role, row.invited_by = role_name, principal.user_id
        result = _renew(tx, row, organization, token)
    return result


def resend(principal: Principal, invitation_id: UUID) -> dict[str, Any]:
    """Renew an invitation in the inviter's name: a new link, and the old one ends.

    Raises NotFound, Forbidden for a role above the principal's.
    """
    token = random_key()
    organization_id = principal.organization_id
    with transaction() as tx:
        organization = lock_organization(tx, organization_id)
        row = _INVITATIONS.lock(tx, organization_id, invitation_id)
        members.check_appointment(tx, organization_id, principal, row.role)
        row.invited_by = principal.user_id
        result = _renew(tx, row, organization, token)
    return result


def accept(user_id: UUID, token: str) -> UUID:
    """Make somebody with an account a member by an invitation, and return the organization.

    Raises NotFound for an invitation that is not valid, Forbidden for another address's, Conflict
    for a member.
    """
    with transaction() as tx:
        email = tx.session.scalar(select(User.email).where(User.id == user_id))
        organization_id = redeem(tx, token, email or "", user_id)
    return organization_id


def of_person(user_id: UUID) -> list[dict[str, Any]]:
    """Return the open invitations of somebody with an account, newest first."""
    with transaction() as tx:
        rows = tx.session.execute(
            select(Invitation, Organization.name)
            .join(Organization, Organization.id == Invitation.organization_id)
            .join(User, User.email == Invitation.email)
            .where(User.id == user_id, Invitation.expires_at > tx.now())
            .order_by(Invitation.created_at.desc())
        )
        return [
            {
                "id": row.id,
                "organization_id": row.organization_id,
                "organization_name": name,
                "role": row.role,
                "expires_at": row.expires_at,
                "created_at": row.created_at,
            }
            for row, name in rows
        ]


def accept_own(user_id: UUID, invitation_id: UUID) -> UUID:
    """Accept an invitation of one's own without its link, and return the organization.

    Raises as `accept`.
    """
    with transaction() as tx:
        row, email = _own(tx, user_id, invitation_id)
        organization_id = _join(tx, row.organization_id, Invitation.id == row.id, email, user_id)
    return organization_id


def decline(user_id: UUID, invitation_id: UUID) -> None:
    """Remove an invitation of one's own. Raises NotFound."""
    with transaction() as tx:
        tx.session.delete(_own(tx, user_id, invitation_id)[0])


def _own(tx: Transaction, user_id: UUID, invitation_id: UUID) -> tuple[Invitation, str]:
    found = tx.session.execute(
        select(Invitation, User.email)
        .join(User, User.email == Invitation.email)
        .where(User.id == user_id, Invitation.id == invitation_id)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1]


def redeem(tx: Transaction, token: str, email: str, user_id: UUID) -> UUID:
    """Turn an invitation into a membership and return the organization. Raises as `accept`."""
    organization_id = tx.session.scalar(
        select(Invitation.organization_id).where(Invitation.token_hash == digest(token))
    )
    if organization_id is None:
        raise NotFound(_NOT_VALID)
    return _join(tx, organization_id, Invitation.token_hash == digest(token), email, user_id)


def _join(
    tx: Transaction,
    organization_id: UUID,
    which: ColumnElement[bool],
    email: str,
    user_id: UUID,
) -> UUID:
    lock_organization(tx, organization_id)
    row = tx.session.scalar(
        select(Invitation)
        .where(which, Invitation.expires_at > tx.now())
        .execution_options(populate_existing=True)
    )
    # An invitation never reaches further than whoever made it does now.
    made_by = row.invited_by if row else None
    inviter = members.role_of(tx, organization_id, made_by) if made_by else None
    role = permissions.role_named(row.role) if row else None
    if row is None or role is None or not inviter or not may_appoint(inviter, role):
        raise NotFound(_NOT_VALID)
    if row.email != email:
        raise Forbidden("this invitation is for another e-mail address")
    if tx.session.scalar(
        select(
            exists().where(
                Membership.organization_id == organization_id, Membership.user_id == user_id
            )
        )
    ):
        raise Conflict("you are a member already")
    members.join(tx, organization_id, user_id, row.role)
    tx.session.delete(row)
    return organization_id


def _renew(
    tx: Transaction, row: Invitation, organization: Organization, token: str
) -> dict[str, Any]:
    with tx.session.no_autoflush:  # a new row has nothing to be stored with before
        row.token_hash, row.expires_at = digest(token), tx.now() + LIFETIME
    tx.session.flush()
    # Behind the #, which browsers keep to themselves, so that no log of a server holds it.
    fragment = urlencode({"email": row.email, "token": token})
    link = f"{runtime().config.base_url}/invitation#{fragment}"
    sent = system_mail.enqueue_mail(
        tx,
        organization.id,
        row.email,
        f"You are invited to {organization.name}",
        f"You are invited to join {organization.name} on AlertifyPro, as {row.role}.\n\n{link}\n\n"
        "The link is good once, and for seven days.",
    )
    more = {"invite_url": link, "token": token, "email_sent": sent}
    return _to_json(row) | more


def _to_json(row: Invitation) -> dict[str, Any]:
    return {
        "id": row.id,
        "user_id": row.user_id,
        "email": row.email,
        "role": row.role,
        "status": "invited",
        "invited_by": row.invited_by,
        "expires_at": row.expires_at,
        "created_at": row.created_at,
    }
