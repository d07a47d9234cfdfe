"""Places where agents check services over HTTPS, and the agents that were seen there."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import REAL, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OrganizationOwned


class Location(OrganizationOwned, Base):
    """A place with agents. Its region is what services name; only the hash of its key is stored."""

    __tablename__ = "locations"

    name: Mapped[str]
    region: Mapped[str] = mapped_column(unique=True)
    is_shared: Mapped[bool]  # the operators': it serves every organization
    prefix: Mapped[str]  # the first characters of the key, to tell keys apart
    key_hash: Mapped[str] = mapped_column(unique=True)
    previous_key_hash: Mapped[str | None] = mapped_column(unique=True)
    previous_key_until: Mapped[datetime | None]  # when the key before it ends


class LocationAgent(Base):
    """An agent as it was seen last; figures are its own, the skew of its clock is ours."""

    __tablename__ = "location_agents"

    location_id: Mapped[UUID] = mapped_column(
        ForeignKey("locations.id", ondelete="CASCADE"), primary_key=True
    )
    agent: Mapped[str] = mapped_column(primary_key=True)  # host and a random part, anew each start
    version: Mapped[str]
    protocol: Mapped[int]
    started_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    checks_per_second: Mapped[float] = mapped_column(REAL)
    lateness_ms: Mapped[float | None] = mapped_column(REAL)  # the 99th percentile of a minute
    clock_skew_ms: Mapped[float] = mapped_column(REAL)  # of its clock against the database's
    buffered: Mapped[int]  # results that wait at the agent
    blind_since: Mapped[datetime | None]
