"""The tenant."""

from typing import Any

from sqlalchemy import BigInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Identified, Timestamped


class Organization(Identified, Timestamped, Base):
    """Tenant: everything that a customer owns belongs to one."""

    __tablename__ = "organizations"

    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    plan_type: Mapped[str] = mapped_column(default="free")
    max_services: Mapped[int]
    timezone: Mapped[str] = mapped_column(default="UTC")
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Founded where anybody could register: nobody here knows its owner.
    is_strangers: Mapped[bool] = mapped_column(server_default=text("false"))
    # Raised by every change of rules, windows or channels: workers cache them by it.
    alerting_version: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
