"""Escalation policies, on-call schedules and their overrides."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Identified, OrganizationOwned


class EscalationPolicy(OrganizationOwned, Base):
    """Levels with delays; `rules` is `[{level, delay_minutes, notify_type, notify_id}]`."""

    __tablename__ = "escalation_policies"

    name: Mapped[str]
    rules: Mapped[list[Any]] = mapped_column(default=list)
    repeat_count: Mapped[int] = mapped_column(default=0)
    is_default: Mapped[bool] = mapped_column(default=False)


class EscalationLevel(Identified, Base):
    """A level of one alert's escalation, due at a time, then done, skipped or cancelled."""

    __tablename__ = "escalation_levels"
    __table_args__ = (
        UniqueConstraint("alert_id", "round", "position"),
        Index("ix_escalation_levels_due", "due_at", postgresql_where=text("status = 'pending'")),
    )

    alert_id: Mapped[UUID] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"))
    policy_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("escalation_policies.id", ondelete="SET NULL")
    )
    round: Mapped[int]
    position: Mapped[int]
    level: Mapped[int]
    notify_type: Mapped[str]
    notify_id: Mapped[UUID]
    due_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default="pending")
    done_at: Mapped[datetime | None]


class OnCallSchedule(OrganizationOwned, Base):
    """Rotations in layers; `layers` is as the contract has it."""

    __tablename__ = "on_call_schedules"

    name: Mapped[str]
    timezone: Mapped[str] = mapped_column(default="UTC")
    layers: Mapped[list[Any]] = mapped_column(default=list)


class OnCallOverride(Identified, Base):
    """Override of a schedule: a person who takes over for a while."""

    __tablename__ = "on_call_overrides"

    schedule_id: Mapped[UUID] = mapped_column(
        ForeignKey("on_call_schedules.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
