"""Columns and types that every table shares."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import DateTime, ForeignKey, Text, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column, registry


class Base(DeclarativeBase):
    """Base of models: maps annotations to PostgreSQL types, so that these name what is special."""

    registry = registry(
        type_annotation_map={
            datetime: DateTime(timezone=True),
            str: Text(),
            dict[str, Any]: JSONB(),
            list[Any]: JSONB(),
            list[str]: ARRAY(Text()),
        }
    )


class Identified:
    """A random id."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)


class Timestamped:
    """Columns of when a row was made and last changed, by the database's clock."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class OrganizationOwned(Identified, Timestamped):
    """A row that belongs to one organization and goes away with it."""

    @declared_attr
    def organization_id(cls) -> Mapped[UUID]:
        return mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"), index=True)
