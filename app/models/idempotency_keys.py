"""Answers to POSTs that may be repeated safely."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class IdempotencyKey(Base):
    """The first answer to a key, repeated for 24 hours; null while the first is under way."""

    __tablename__ = "idempotency_keys"

    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    )
    caller_id: Mapped[UUID] = mapped_column(primary_key=True)  # user or API key
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]  # of method, path, query and body
    # Set in the same transaction as the first write of the request: a kill after that commit loses
    # the answer, and the request must not be carried out again.
    has_written: Mapped[bool] = mapped_column(default=False)
    status_code: Mapped[int | None]
    answer: Mapped[Any | None] = mapped_column(JSONB)  # sealed: it may hold a new key
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"), index=True)
