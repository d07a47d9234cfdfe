"""Planned silence."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OrganizationOwned


class MaintenanceWindow(OrganizationOwned, Base):
    """One stretch of time, or a recurring one in local wall time."""

    __tablename__ = "maintenance_windows"

    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    recurrence: Mapped[str | None]
    duration_minutes: Mapped[int | None]
    timezone: Mapped[str] = mapped_column(default="UTC")
    service_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PgUUID(as_uuid=True)), default=list)
    tags: Mapped[list[str]] = mapped_column(default=list)
    status_page_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PgUUID(as_uuid=True)), default=list)
    ended_at: Mapped[datetime | None]  # ended by hand
    # What the edge tick has announced, so that each edge is announced once.
    announced_until: Mapped[datetime | None]
