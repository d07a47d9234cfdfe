"""Secrets of an organization, usable as `{{secrets.NAME}}` in configs."""

from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OrganizationOwned


class Secret(OrganizationOwned, Base):
    """A named value that is never shown again."""

    __tablename__ = "secrets"
    __table_args__ = (UniqueConstraint("organization_id", "name"),)

    name: Mapped[str]
    sealed_value: Mapped[dict[str, Any]]
    hosts: Mapped[list[str]] = mapped_column(server_default="{}")
