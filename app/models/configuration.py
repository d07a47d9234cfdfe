"""Stable keys of what a configuration file describes."""

from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class ConfigurationKey(Base):
    """The key under which an object stands in configuration files of its organization."""

    __tablename__ = "configuration_keys"
    __table_args__ = (UniqueConstraint("organization_id", "kind", "object_id"),)

    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[UUID]
