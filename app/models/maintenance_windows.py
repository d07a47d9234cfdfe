"""Planned silence."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Index, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OrganizationOwned


class MaintenanceWindow(OrganizationOwned, Base):
    """One stretch of time, or a recurring one in local wall time."""

    __tablename__ = "maintenance_windows"
    __table_args__ = (Index("ix_maintenance_windows_edge", "next_edge_at"),)

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
    heartbeat_ids: Mapped[list[UUID]] = mapped_column(
        ARRAY(PgUUID(as_uuid=True)), default=list, server_default=text("'{}'")
    )
    # Starts of occurrences that are skipped (EXDATE of RFC 5545).
    exdates: Mapped[list[datetime]] = mapped_column(
        ARRAY(DateTime(timezone=True)), default=list, server_default=text("'{}'")
    )
    ended_at: Mapped[datetime | None]  # ended by hand
    next_edge_at: Mapped[datetime | None]  # when the edge tick looks again
    # The beginning that was announced and whose end was not yet: each edge is announced once.
    announced_start_at: Mapped[datetime | None]
