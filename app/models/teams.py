"""Groups of members, useful as escalation targets."""

from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Identified, OrganizationOwned, Timestamped


class Team(OrganizationOwned, Base):
    """A group of an organization's members."""

    __tablename__ = "teams"

    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")


class TeamMember(Identified, Timestamped, Base):
    """A member's place in a team."""

    __tablename__ = "team_members"
    __table_args__ = (UniqueConstraint("team_id", "user_id"),)

    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
