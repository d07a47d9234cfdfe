"""Alerts and what happened to them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OrganizationOwned


class Alert(OrganizationOwned, Base):
    """Alert; at most one is unresolved for each rule and service."""

    __tablename__ = "alerts"
    __table_args__ = (
        Index(
            "uq_alerts_unresolved_rule",
            "alert_rule_id",
            "service_id",
            unique=True,
            postgresql_where=text("status <> 'resolved'"),
        ),
        Index(
            "uq_alerts_unresolved_heartbeat",
            "heartbeat_id",
            unique=True,
            postgresql_where=text("status <> 'resolved'"),
        ),
        Index(
            "ix_alerts_open_service", "service_id", postgresql_where=text("status <> 'resolved'")
        ),
        Index("ix_alerts_suppressed_by", "suppressed_by"),
        Index("ix_alerts_organization_fired", "organization_id", "fired_at"),
        Index("ix_alerts_service", "service_id", "fired_at"),
    )

    service_id: Mapped[UUID | None] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"))
    service_name: Mapped[str]
    heartbeat_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("heartbeats.id", ondelete="CASCADE")
    )
    alert_rule_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("alert_rules.id", ondelete="SET NULL")
    )
    severity: Mapped[str]
    title: Mapped[str]
    message: Mapped[str]
    reason: Mapped[str | None]
    # Of the check that raised it; null for a heartbeat, and before 0032.
    check_status: Mapped[str | None]
    explanation: Mapped[str | None]  # what the rule asked beyond that status, and what was found
    status: Mapped[str] = mapped_column(default="firing")
    fired_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None]  # null: it resolved itself
    snoozed_until: Mapped[datetime | None]
    suppressed_by: Mapped[UUID | None] = mapped_column(ForeignKey("alerts.id", ondelete="SET NULL"))
    check_id: Mapped[UUID | None]
    is_flapping: Mapped[bool] = mapped_column(default=False)
    untold_reason: Mapped[str | None]  # why the ordinary way reached nobody
    # What the rule said last: resolved by hand, the alert holds its rule back only while it held.
    condition_holds: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    runbook_url: Mapped[str | None]
    next_reminder_at: Mapped[datetime | None]


class AlertEvent(Base):
    """A line of an alert's timeline."""

    __tablename__ = "alert_events"
    __table_args__ = (Index("ix_alert_events_alert", "alert_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    alert_id: Mapped[UUID] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    kind: Mapped[str]
    actor: Mapped[str | None]  # null: the program itself
    text: Mapped[str] = mapped_column(default="")
