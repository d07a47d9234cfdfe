"""Evidence of failed checks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class CheckEvidence(Base):
    """The evidence of a failed check; kept for the last twenty failures of a service."""

    __tablename__ = "check_evidence"
    __table_args__ = (Index("ix_check_evidence_service", "service_id", "at"),)

    check_id: Mapped[UUID] = mapped_column(primary_key=True)
    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    region: Mapped[str]
    evidence: Mapped[dict[str, Any]]
