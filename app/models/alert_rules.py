"""Alert rules, and their state for each service."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OrganizationOwned


class AlertRule(OrganizationOwned, Base):
    """A condition on one service, on those with a tag, or on all of an organization."""

    __tablename__ = "alert_rules"

    name: Mapped[str]
    severity: Mapped[str]
    service_id: Mapped[UUID | None] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"))
    tags: Mapped[list[str]] = mapped_column(default=list)
    condition: Mapped[Any] = mapped_column(JSONB, default=dict)  # an object, or an expression
    is_enabled: Mapped[bool] = mapped_column(default=True)
    notification_channel_ids: Mapped[list[UUID]] = mapped_column(
        ARRAY(PgUUID(as_uuid=True)), default=list
    )
    escalation_policy_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("escalation_policies.id", ondelete="SET NULL")
    )
    auto_resolve: Mapped[bool] = mapped_column(default=True)
    reminder_interval_minutes: Mapped[int | None]
    cooldown_minutes: Mapped[int] = mapped_column(default=0)
    runbook_url: Mapped[str | None]


class RuleState(Base):
    """State of a rule and a service between alerts."""

    __tablename__ = "rule_states"
    __table_args__ = (
        Index("ix_rule_states_latched", "service_id", postgresql_where=text("is_latched")),
    )

    alert_rule_id: Mapped[UUID] = mapped_column(
        ForeignKey("alert_rules.id", ondelete="CASCADE"), primary_key=True
    )
    service_id: Mapped[UUID] = mapped_column(
        ForeignKey("services.id", ondelete="CASCADE"), primary_key=True
    )
    resolved_at: Mapped[datetime | None]  # of the last alert: the cool-down counts from here
    # Resolved by hand while the condition held: nothing fires until it has been false once.
    is_latched: Mapped[bool] = mapped_column(default=False)


class RuleStreak(Base):
    """Streak of a rule's test that must hold for a time, on a service.

    There is a row only while the test holds, so that it is written when that changes and not with
    every check. One of another version of rule or service says nothing: it was not kept up.
    """

    __tablename__ = "rule_streaks"

    service_id: Mapped[UUID] = mapped_column(
        ForeignKey("services.id", ondelete="CASCADE"), primary_key=True
    )
    alert_rule_id: Mapped[UUID] = mapped_column(
        ForeignKey("alert_rules.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    place: Mapped[int] = mapped_column(primary_key=True)  # of the test in the rule's condition
    rule_version: Mapped[datetime]  # its `updated_at`
    service_version: Mapped[int] = mapped_column(BigInteger)
    since: Mapped[datetime]
    before: Mapped[bool | None]  # what the result before it says of the test
