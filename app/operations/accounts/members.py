"""The members of an organization: who they are, how they come, change and go.

Every change locks the organization first, so that two at once see one another: the last owner
cannot vanish, and nobody acts on a role that was taken from them a moment ago.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, exists, func, select

from app.domain.accounts import permissions
from app.domain.accounts.permissions import Role
from app.models.api_keys import ApiKey
from app.models.console import OnCallCalendar
from app.models.members import Membership, RevokedToken, User
from app.models.teams import Team, TeamMember
from app.operations import paging, usages
from app.operations import rows as owned_rows
from app.operations.accounts import successions
from app.operations.alerts import abandonment
from app.operations.rows import Position
from app.platform.bootstrap import runtime
from app.platform.errors import Conflict, Forbidden, InvalidCode, NotFound
from app.platform.transaction import Transaction, transaction
from app.security.future_ids import future_user_id
from app.security.principals import Principal

LAST_OWNER = "the last owner cannot leave or be demoted; make somebody else an owner first"


def listed(
    organization_id: UUID, filters: Mapping[str, Any], *, limit: int, after: Position | None
) -> tuple[list[dict[str, Any]], Position | None, int]:
    """Return a page of members, newest first, where to go on (None at the end), their number."""
    query = _select(organization_id)
    if "role" in filters:
        names = [n for n in (*Role, "member") if permissions.role_named(n) == filters["role"]]
        query = query.where(Membership.role.in_(names))
    with transaction() as tx:
        rows, position = paging.newest_first(
            tx, query, Membership.created_at, Membership.id, limit=limit, after=after
        )
        total = paging.total(tx, query, rows, is_whole=after is None and position is None)
        found = [_to_json(row) for row in rows]
    return found, position, total


def read(organization_id: UUID, user_id: UUID) -> dict[str, Any]:
    """Return a member's answer. Raises NotFound."""
    with transaction() as tx:
        result = _one(tx, organization_id, user_id)
    return result


def check_newcomer(tx: Transaction, organization_id: UUID, email: str) -> UUID:
    """Return the id of an address's account, or the one that it will get.

    Raises Conflict for a member.
    """
    user_id = tx.session.scalar(select(User.id).where(User.email == email))
    if user_id is None:
        return free_user_id(tx, email)
    if _membership(tx, organization_id, user_id) is not None:
        raise Conflict("they are a member already")
    return user_id


def free_user_id(tx: Transaction, email: str) -> UUID:
    """Return the id that the account of an address will get; taken ones are passed over."""
    attempt = 0
    while tx.session.scalar(select(User.id).where(User.id == future_user_id(email, attempt))):
        attempt += 1
    return future_user_id(email, attempt)


def join(tx: Transaction, organization_id: UUID, user_id: UUID, role_name: str) -> None:
    """Add a membership."""
    tx.session.add(Membership(organization_id=organization_id, user_id=user_id, role=role_name))
    tx.session.flush()


def change_role(principal: Principal, user_id: UUID, role_name: str) -> dict[str, Any]:
    """Give a member another role and return their answer.

    Raises NotFound, Forbidden for a role above the principal's, Conflict for the last owner.
    """
    organization_id = principal.organization_id
    with transaction() as tx:
        owned_rows.lock_organization(tx, organization_id)
        membership = _membership(tx, organization_id, user_id)
        if membership is None:
            raise NotFound
        check_appointment(tx, organization_id, principal, membership.role)
        check_appointment(tx, organization_id, principal, role_name)
        if permissions.role_named(role_name) is not Role.OWNER:
            _keep_an_owner(tx, membership)
        membership.role = role_name
        tx.session.flush()
        result = _one(tx, organization_id, user_id)
    return result


def remove(principal: Principal, user_id: UUID, successor_id: UUID | None = None) -> None:
    """End a membership, its places in teams, API keys and calendars; everybody may end their own.

    A successor takes over what counts on the member: schedules, overrides, policies, their teams.
    Alerts that the member has acknowledged fire again: nobody is on them any more.
    Raises NotFound, Forbidden for a role above the principal's, Invalid for a successor who is no
    other member, Conflict for the last owner and for whom something counts on without a successor.
    """
    organization_id = principal.organization_id
    with transaction() as tx:
        owned_rows.lock_organization(tx, organization_id)
        membership = _membership(tx, organization_id, user_id)
        if membership is None:
            raise NotFound
        if user_id != principal.user_id:
            check_appointment(tx, organization_id, principal, membership.role)
        _keep_an_owner(tx, membership)
        successions.lock_alerts(tx, organization_id, user_id)
        _hand_over(tx, organization_id, user_id, successor_id)
        abandonment.give_back(tx, organization_id, user_id)
        teams = select(Team.id).where(Team.organization_id == organization_id)
        tx.session.execute(
            delete(TeamMember).where(TeamMember.user_id == user_id, TeamMember.team_id.in_(teams))
        )
        tx.session.execute(
            delete(OnCallCalendar).where(
                OnCallCalendar.user_id == user_id,
                OnCallCalendar.organization_id == organization_id,
            )
        )
        # Their keys are dead without the membership; gone, they stay dead if it comes back.
        tx.session.execute(
            delete(ApiKey).where(
                ApiKey.created_by == user_id, ApiKey.organization_id == organization_id
            )
        )
        tx.session.delete(membership)
        tx.after_commit(runtime().feed.access_changed, user_id)


def _hand_over(
    tx: Transaction, organization_id: UUID, user_id: UUID, successor_id: UUID | None
) -> None:
    if successor_id is None:
        name = tx.session.get_one(User, user_id).full_name
        uses = usages.of_member(tx, organization_id, user_id)
        usages.refuse(name, uses, "name a successor with ?replace_with=, or change that first")
    elif successor_id == user_id or _membership(tx, organization_id, successor_id) is None:
        raise owned_rows.refused(
            "replace_with",
            InvalidCode.UNKNOWN_REFERENCE,
            f"There is no other member {successor_id}.",
        )
    else:
        successions.hand_over(tx, organization_id, user_id, successor_id)
    successions.withdraw_messages(tx, organization_id, user_id, successor_id)


def check_appointment(
    tx: Transaction, organization_id: UUID, principal: Principal, role_name: str
) -> None:
    """Raise Forbidden unless the principal may give or take a role, as they stand now."""
    own = role_of(tx, organization_id, principal.user_id)
    role = permissions.role_named(role_name)
    if own is Role.OWNER and not principal.is_session:
        own = Role.ADMIN
    if own is None or role is None or not permissions.may_appoint(own, role):
        raise Forbidden(f"the role {role_name} is not yours to give or take")


def may_still_see(
    organization_id: UUID, user_id: UUID, epoch: int, token_id: UUID, since: datetime
) -> bool:
    """Say whether what a member opened at a time, in a session, is still theirs to see.

    It ends with the session, with all sessions of the user, and with the membership, also where
    they come again.
    """
    with transaction() as tx:
        found = tx.session.scalar(
            select(Membership.id)
            .join(User, User.id == Membership.user_id)
            .where(
                Membership.organization_id == organization_id,
                Membership.user_id == user_id,
                Membership.created_at < since + timedelta(seconds=1),
                User.token_epoch == epoch,
                ~exists(select(RevokedToken.jti).where(RevokedToken.jti == token_id)),
            )
        )
    return found is not None


def role_of(tx: Transaction, organization_id: UUID, user_id: UUID) -> Role | None:
    """Return somebody's role in an organization now, None where they are not a member."""
    name = tx.session.scalar(
        select(Membership.role).where(
            Membership.organization_id == organization_id, Membership.user_id == user_id
        )
    )
    return permissions.role_named(name or "")


def _membership(tx: Transaction, organization_id: UUID, user_id: UUID) -> Membership | None:
    return tx.session.scalar(
        select(Membership)
        .where(Membership.organization_id == organization_id, Membership.user_id == user_id)
        .execution_options(populate_existing=True)
    )


def _keep_an_owner(tx: Transaction, leaving: Membership) -> None:
    """Raise Conflict when this membership is the organization's last owner."""
    if permissions.role_named(leaving.role) is not Role.OWNER:
        return
    owners = tx.session.scalar(
        select(func.count())
        .select_from(Membership)
        .where(
            Membership.organization_id == leaving.organization_id,
            Membership.role == Role.OWNER.value,
        )
    )
    if owners == 1:
        raise Conflict(LAST_OWNER)


def _select(organization_id: UUID) -> Any:
    return (
        select(
            Membership.id,
            Membership.user_id,
            Membership.role,
            Membership.created_at.label("joined_at"),
            User.email,
            User.full_name,
            User.totp_enabled_at.is_not(None).label("two_factor_enabled"),
        )
        .join(User, User.id == Membership.user_id)
        .where(Membership.organization_id == organization_id)
    )


def _one(tx: Transaction, organization_id: UUID, user_id: UUID) -> dict[str, Any]:
    row = tx.session.execute(
        _select(organization_id).where(Membership.user_id == user_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    return _to_json(row)


def _to_json(row: Row[Any]) -> dict[str, Any]:
    return dict(row._mapping) | {"status": "active"}
