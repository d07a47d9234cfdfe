"""Roll-ups of check results, how far they have come, and corrections of history."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
)
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OrganizationOwned


class _Figures:
    """The figures of one service over a stretch of time that begins at `at`.

    Seconds are those of the confirmed status (`app.domain.metrics.totals`); pending time is what
    remains. `checks` and `failed` count results by their own status, `settled` by the confirmed
    one.
    """

    service_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    checks: Mapped[int]
    failed: Mapped[int]
    slow: Mapped[int]
    settled: Mapped[int]
    settled_failed: Mapped[int]
    up_ms: Mapped[int]
    down_ms: Mapped[int]
    unknown_ms: Mapped[int]
    maintenance_ms: Mapped[int]
    paused_ms: Mapped[int]
    inner_outages: Mapped[int]
    longest_inner_ms: Mapped[int]
    head_ms: Mapped[int]
    tail_ms: Mapped[int]
    timed: Mapped[int]
    sum_ms: Mapped[float] = mapped_column(Double)
    min_ms: Mapped[float | None] = mapped_column(REAL)
    max_ms: Mapped[float | None] = mapped_column(REAL)
    hist: Mapped[bytes] = mapped_column(BYTEA)  # app.domain.metrics.histogram


class MetricHour(_Figures, Base):
    """An hour (UTC) of a service. Partitioned by month."""

    __tablename__ = "metric_hours"
    __table_args__ = (
        Index("ix_metric_hours_organization", "organization_id", "at"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    line: Mapped[bytes] = mapped_column(BYTEA)  # before corrections; app.domain.metrics.status_line


class MetricRegionHour(Base):
    """An hour (UTC) of a service in one of the regions that checked it; only where several did.

    Results by their own status and their response times, as in `metric_hours`. Partitioned by
    month.
    """

    __tablename__ = "metric_region_hours"
    __table_args__ = {"postgresql_partition_by": "RANGE (at)"}

    service_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    checks: Mapped[int]
    failed: Mapped[int]
    slow: Mapped[int]
    timed: Mapped[int]
    sum_ms: Mapped[float] = mapped_column(Double)
    min_ms: Mapped[float | None] = mapped_column(REAL)
    max_ms: Mapped[float | None] = mapped_column(REAL)
    hist: Mapped[bytes] = mapped_column(BYTEA)


class MetricDay(_Figures, Base):
    """A day (UTC) of a service, put together from its hours; kept for good."""

    __tablename__ = "metric_days"
    __table_args__ = (Index("ix_metric_days_organization", "organization_id", "at"),)


class MetricFive(Base):
    """The twelve five-minute cells of an hour of a service. Partitioned by week.

    `cells` holds (slot x 1280 + bucket + 256) as int16 and a count as int32, big-endian.
    """

    __tablename__ = "metric_fives"
    __table_args__ = {"postgresql_partition_by": "RANGE (at)"}

    service_id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    checks: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    failed: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    cells: Mapped[bytes] = mapped_column(BYTEA)


class MetricOrganizationHour(Base):
    """An hour of all services of an organization."""

    __tablename__ = "metric_org_hours"

    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[datetime] = mapped_column(primary_key=True)
    services: Mapped[int]
    checks: Mapped[int] = mapped_column(BigInteger)
    failed: Mapped[int] = mapped_column(BigInteger)
    up_ms: Mapped[int] = mapped_column(BigInteger)
    down_ms: Mapped[int] = mapped_column(BigInteger)
    timed: Mapped[int] = mapped_column(BigInteger)
    hist: Mapped[bytes] = mapped_column(BYTEA)
    late_hist: Mapped[bytes] = mapped_column(BYTEA)  # of checked_at - scheduled_for


class MetricProgress(Base):
    """Progress of the roll-ups: a single row.

    Before `sealed_until` no result is stored without marking its hour; before `done_until` every
    hour is rolled up.
    """

    __tablename__ = "metric_progress"
    __table_args__ = (CheckConstraint("id", name="one_row"),)

    id: Mapped[bool] = mapped_column(primary_key=True, default=True)
    sealed_until: Mapped[datetime]
    done_until: Mapped[datetime]


class MetricDirty(Base):
    """An hour of a service that must be computed again.

    An hour may be marked twice: whoever marks it never waits for the roll-up that takes it.
    """

    __tablename__ = "metric_dirty"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    service_id: Mapped[UUID]
    at: Mapped[datetime]
    reason: Mapped[str]  # "late": a result has come; "correction": only seconds change


class MetricCorrection(OrganizationOwned, Base):
    """Correction of a stretch of a service's history, as somebody says it really was."""

    __tablename__ = "metric_corrections"
    __table_args__ = (Index("ix_metric_corrections_service", "service_id", "begins_at"),)

    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"))
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    kind: Mapped[str]
    reason: Mapped[str]
    created_by: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[UUID | None]


class ReportSubscription(Base):
    """Subscription of a member to the monthly report; `reported_month` is the last one sent."""

    __tablename__ = "report_subscriptions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["memberships.organization_id", "memberships.user_id"],
            ondelete="CASCADE",
        ),
    )

    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    sla_target: Mapped[float] = mapped_column(Double)
    reported_month: Mapped[date]  # its first day
