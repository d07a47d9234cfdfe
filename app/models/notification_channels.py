"""Notification channels, and the outbox: a row is written with the alert it belongs to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import REAL, BigInteger, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OrganizationOwned


class NotificationChannel(OrganizationOwned, Base):
    """A way to reach somebody: a type and its config, whose secrets are sealed."""

    __tablename__ = "notification_channels"

    name: Mapped[str]
    type: Mapped[str]
    config: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_enabled: Mapped[bool] = mapped_column(default=True)
    min_severity: Mapped[str] = mapped_column(default="info")
    events: Mapped[list[str]] = mapped_column(default=list)
    fallback_channel_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("notification_channels.id", ondelete="SET NULL")
    )
    quiet_hours: Mapped[dict[str, Any] | None]
    template: Mapped[dict[str, Any] | None]
    last_success_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    consecutive_failures: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[datetime | None]  # the circuit: nothing is sent before


class Notification(OrganizationOwned, Base):
    """One message to one channel, or to one contact of a person: a row of the outbox.

    `(subject_key, kind, recipient_key, step)` names the message, so that enqueueing it twice adds
    nothing. A lease and its token fence the senders, as for checks.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("subject_key", "kind", "recipient_key", "step"),
        Index("ix_notifications_due", "next_try_at", postgresql_where=text("status = 'pending'")),
        Index("ix_notifications_subject", "subject_key", "recipient_key", "created_at"),
        Index("ix_notifications_channel", "channel_id", "created_at"),
        Index("ix_notifications_alert", "alert_id"),
    )

    alert_id: Mapped[UUID | None] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"))
    channel_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("notification_channels.id", ondelete="CASCADE")
    )
    # A person's contact method: {type, config (sealed)}; of a deleted channel {type, channel_name}.
    contact: Mapped[dict[str, Any] | None]
    subject_key: Mapped[str]
    recipient_key: Mapped[str]
    kind: Mapped[str]
    step: Mapped[int] = mapped_column(BigInteger, default=0)
    severity: Mapped[str]
    message: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(default="pending")  # pending, sent, dead, cancelled
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[int | None] = mapped_column(BigInteger)
    sent_at: Mapped[datetime | None]
    # Let through by a storm, once a minute for a recipient; what went out before it is not.
    in_storm: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    passed_on_at: Mapped[datetime | None]  # others were told as well: it had not got through
    last_error: Mapped[str | None]
    last_status_code: Mapped[int | None]


class NotificationAttempt(Base):
    """One try to send a notification: written before the send, completed after it."""

    __tablename__ = "notification_attempts"
    __table_args__ = (UniqueConstraint("notification_id", "number"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    notification_id: Mapped[UUID] = mapped_column(
        ForeignKey("notifications.id", ondelete="CASCADE")
    )
    number: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    finished_at: Mapped[datetime | None]
    status_code: Mapped[int | None]
    error: Mapped[str | None]
    answer: Mapped[str | None]
    duration_ms: Mapped[float | None] = mapped_column(REAL)
