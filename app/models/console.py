"""Rows of people's own views: preferences, saved views, calendars of their shifts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OrganizationOwned


def _user_id(**options: Any) -> Mapped[UUID]:
    return mapped_column(ForeignKey("users.id", ondelete="CASCADE"), **options)


class UserPreferences(Base):
    """Preferences of a person, the same in every organization of theirs."""

    __tablename__ = "user_preferences"

    user_id: Mapped[UUID] = _user_id(primary_key=True)
    preferences: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class SavedView(OrganizationOwned, Base):
    """A list with its filters, under a name: for its owner, or for everybody."""

    __tablename__ = "saved_views"

    name: Mapped[str]
    screen: Mapped[str]
    query: Mapped[str]
    is_shared: Mapped[bool] = mapped_column(default=False)
    is_pinned: Mapped[bool] = mapped_column(default=False)
    user_id: Mapped[UUID] = _user_id(index=True)


class OnCallCalendar(OrganizationOwned, Base):
    """A calendar of on-call duty at a secret address; only the key's hash is stored."""

    __tablename__ = "on_call_calendars"

    scope: Mapped[str]  # "mine" or "all"
    key_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[UUID] = _user_id(index=True)
