"""People and what they may do in an organization."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Identified, Timestamped


class User(Identified, Timestamped, Base):
    """A person with an e-mail address and a password."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(unique=True)  # stored in lower case
    password_hash: Mapped[str]
    full_name: Mapped[str]
    timezone: Mapped[str] = mapped_column(default="UTC")
    contact_methods: Mapped[list[Any]] = mapped_column(default=list)
    token_epoch: Mapped[int] = mapped_column(default=0)  # raising it ends every token at once
    is_operator: Mapped[bool] = mapped_column(default=False)
    # Second factor (RFC 6238): the sealed key is set by setup and counts once it is enabled.
    totp_key: Mapped[dict[str, Any] | None]
    totp_enabled_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)  # a code is good once
    recovery_code_hashes: Mapped[list[str]] = mapped_column(default=list, server_default="{}")
    password_reset_hash: Mapped[str | None]
    password_reset_expires_at: Mapped[datetime | None]


class Membership(Identified, Timestamped, Base):
    """A user's role in an organization."""

    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("organization_id", "user_id"),)

    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE")
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[str]


class RevokedToken(Base):
    """A token that was signed out before it expired."""

    __tablename__ = "revoked_tokens"

    jti: Mapped[UUID] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class UserSession(Base):
    """A token of a person, as their list of sessions shows it: when, from where and with what.

    It says nothing about whether the token still counts: that is what ends it elsewhere, so whoever
    lists these rows leaves out those of another epoch, of a membership that has ended, and of
    tokens that are revoked.
    """

    __tablename__ = "user_sessions"

    token_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), index=True
    )
    token_epoch: Mapped[int]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    address: Mapped[str | None]  # of the last use, as is the user agent
    user_agent: Mapped[str | None]
