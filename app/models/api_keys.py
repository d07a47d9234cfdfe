"""Keys for programs."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OrganizationOwned


class ApiKey(OrganizationOwned, Base):
    """A key with scopes, never beyond its maker's role. Only its hash is stored."""

    __tablename__ = "api_keys"

    name: Mapped[str]
    prefix: Mapped[str]  # the first characters, to tell keys apart
    key_hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    # The key it was made with: it ends with that one, and never reaches or lives longer.
    parent_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("api_keys.id", ondelete="CASCADE"), index=True
    )
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
