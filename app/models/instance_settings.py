"""Settings of the whole installation that an operator may change at run time."""

from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Timestamped


class InstanceSetting(Timestamped, Base):
    """One named value."""

    __tablename__ = "instance_settings"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSONB)
