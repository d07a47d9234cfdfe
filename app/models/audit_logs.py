"""Audit log, append-only: who did what to which object."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class AuditLog(Base):
    """One change. A trigger refuses to update or delete it."""

    __tablename__ = "audit_logs"
    __table_args__ = (Index("ix_audit_logs_organization_at", "organization_id", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    organization_id: Mapped[UUID | None]  # no foreign key: the log outlives what it speaks of
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    event: Mapped[str]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_email: Mapped[str | None]
    actor_address: Mapped[str | None]
    resource_type: Mapped[str | None]
    resource_id: Mapped[str | None]
    resource_name: Mapped[str | None]
    before: Mapped[Any | None] = mapped_column(JSONB)
    after: Mapped[Any | None] = mapped_column(JSONB)
