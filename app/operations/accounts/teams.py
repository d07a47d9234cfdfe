"""Teams: groups of members that escalation policies can tell together."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.models.members import Membership, User
from app.models.teams import Team, TeamMember
from app.operations import rows as owned_rows
from app.operations import usages
from app.operations.resource import Most, Resource
from app.operations.rows import columns, lock_organization
from app.platform.errors import Conflict, NotFound
from app.platform.transaction import Transaction, transaction


class _Teams(Resource[Team, UUID]):
    model = Team
    most = Most(1_000, "teams")
    is_referred_to = True

    def begin(self, tx: Transaction, who: UUID) -> None:
        lock_organization(tx, who)

    def uses(self, tx: Transaction, who: UUID, row: Team) -> list[str]:
        return usages.of_team(tx, who, row.id)

    def to_json(self, tx: Transaction, who: UUID, rows: Sequence[Team]) -> list[dict[str, Any]]:
        found = tx.session.execute(
            select(TeamMember.team_id, func.count().label("number"))
            .where(TeamMember.team_id.in_([team.id for team in rows]))
            .group_by(TeamMember.team_id)
        )
        counts = {row.team_id: row.number for row in found}
        return [columns(team) | {"members_count": counts.get(team.id, 0)} for team in rows]


_TEAMS = _Teams()
listed, read, create, update, delete = _TEAMS.operations()
used_by = _TEAMS.used_by


def team_members(organization_id: UUID, team_id: UUID) -> list[dict[str, Any]]:
    """Return the members of a team in alphabetical order. Raises NotFound."""
    with transaction() as tx:
        owned_rows.find(tx, Team, organization_id, team_id)
        rows = tx.session.execute(
            select(
                TeamMember.id,
                TeamMember.team_id,
                TeamMember.user_id,
                User.email,
                User.full_name,
                TeamMember.created_at.label("added_at"),
            )
            .join(User, User.id == TeamMember.user_id)
            .where(TeamMember.team_id == team_id)
            .order_by(User.full_name, User.email)
        ).all()
    return [dict(row._mapping) for row in rows]


def add_member(organization_id: UUID, team_id: UUID, user_id: UUID) -> dict[str, Any]:
    """Put a member of the organization into a team and return the place.

    Raises NotFound for anybody else, Conflict for somebody who is in it.
    """
    with transaction() as tx:
        # The lock keeps a removal from the organization from passing by unseen.
        lock_organization(tx, organization_id)
        team = owned_rows.lock(tx, Team, organization_id, team_id)
        user = tx.session.scalar(
            select(User)
            .join(Membership, Membership.user_id == User.id)
            .where(User.id == user_id, Membership.organization_id == organization_id)
        )
        if user is None:
            raise NotFound
        row = TeamMember(team_id=team.id, user_id=user_id)
        tx.session.add(row)
        try:
            tx.session.flush()
        except IntegrityError:
            raise Conflict("they are in this team already") from None
        result = {
            "id": row.id,
            "team_id": team.id,
            "user_id": user_id,
            "email": user.email,
            "full_name": user.full_name,
            "added_at": row.created_at,
        }
    return result


def remove_member(organization_id: UUID, team_id: UUID, user_id: UUID) -> None:
    """Take somebody out of a team.

    Raises NotFound, Conflict for the last one while an escalation policy counts on the team.
    """
    with transaction() as tx:
        lock_organization(tx, organization_id)
        team = owned_rows.lock(tx, Team, organization_id, team_id)
        row = tx.session.scalar(
            select(TeamMember).where(TeamMember.team_id == team.id, TeamMember.user_id == user_id)
        )
        if row is None:
            raise NotFound
        if any(other.id == team_id for other in usages.only_in(tx, organization_id, user_id)):
            uses = usages.of_team(tx, organization_id, team_id)
            usages.refuse(f"the last member of {team.name}", uses)
        tx.session.delete(row)
