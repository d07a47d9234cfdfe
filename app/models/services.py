"""Services, when they are due, and their results."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import REAL, BigInteger, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Identified, OrganizationOwned


class Service(OrganizationOwned, Base):
    """A monitored endpoint. `status` is its confirmed status, after thresholds and regions."""

    __tablename__ = "services"
    __table_args__ = (
        Index("ix_services_newest", "organization_id", text("created_at DESC"), text("id DESC")),
        Index("ix_services_status_changed_at", "status_changed_at"),
    )

    name: Mapped[str]
    endpoint: Mapped[str]
    check_type: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    environment: Mapped[str] = mapped_column(default="")
    check_interval_seconds: Mapped[int] = mapped_column(default=60)
    timeout_seconds: Mapped[int] = mapped_column(default=10)
    tags: Mapped[list[str]] = mapped_column(default=list)
    is_active: Mapped[bool] = mapped_column(default=True)
    config: Mapped[dict[str, Any]] = mapped_column(default=dict)  # secrets inside are sealed
    slow_threshold_ms: Mapped[int] = mapped_column(default=1000)
    failure_threshold: Mapped[int] = mapped_column(default=1)
    recovery_threshold: Mapped[int] = mapped_column(default=1)
    retry_interval_seconds: Mapped[int | None]
    regions: Mapped[list[str]] = mapped_column(default=lambda: ["default"])
    region_quorum: Mapped[str] = mapped_column(default="majority")
    depends_on: Mapped[list[UUID]] = mapped_column(ARRAY(PgUUID(as_uuid=True)), default=list)
    escalation_policy_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(default="PENDING")
    status_changed_at: Mapped[datetime | None]
    # Raised by every edit: workers cache a service's definition by it.
    version: Mapped[int] = mapped_column(BigInteger, default=1)
    badge_key: Mapped[str] = mapped_column(
        unique=True, server_default=text("'sv-' || replace(gen_random_uuid()::text, '-', '')")
    )


class ScheduleEntry(Base):
    """Entry of a service in a region: when it is due, its lease, and that region's running state.

    `next_due_at` is null while the service is paused. A row is claimed by setting the lease; the
    result is accepted only while `lease_token` is still the claimant's (a fencing token). Each
    service and region has one entry: a trigger keeps its key in `ScheduleKey`, because a unique
    index would make each check look at all versions of the row that a long snapshot keeps.
    """

    __tablename__ = "schedule_entries"
    __table_args__ = (
        Index("ix_schedule_entries_due", "region", "next_due_at"),
        Index("ix_schedule_entries_service", "service_id", "region"),
    )

    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"))
    region: Mapped[str] = mapped_column()
    next_due_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[int | None] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(default="PENDING")
    consecutive_failures: Mapped[int] = mapped_column(default=0)
    consecutive_successes: Mapped[int] = mapped_column(default=0)
    last_checked_at: Mapped[datetime | None]
    last_response_time_ms: Mapped[float | None] = mapped_column(REAL)
    last_status_code: Mapped[int | None]
    last_error: Mapped[str | None]

    __mapper_args__ = {"primary_key": [service_id, region]}


class ScheduleKey(Base):
    """Key of a schedule entry. Written by a trigger when entries are added and deleted."""

    __tablename__ = "schedule_keys"
    __table_args__ = (Index("ix_schedule_keys_region", "region"),)

    service_id: Mapped[UUID] = mapped_column(
        ForeignKey("services.id", ondelete="CASCADE"), primary_key=True
    )
    region: Mapped[str] = mapped_column(primary_key=True)


class CheckResult(Base):
    """An observation stored; one for each service, region and due time. Partitioned by day.

    `status` is the status of this check alone, before thresholds.
    """

    __tablename__ = "check_results"
    __table_args__ = {"postgresql_partition_by": "RANGE (scheduled_for)"}

    service_id: Mapped[UUID] = mapped_column(primary_key=True)
    scheduled_for: Mapped[datetime] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(default=uuid4)
    checked_at: Mapped[datetime]
    status: Mapped[str]
    response_time_ms: Mapped[float | None] = mapped_column(REAL)
    status_code: Mapped[int | None]
    error: Mapped[str | None]
    failure_kind: Mapped[str | None]  # app.domain.types.FailureKind; null: passed, or before 0007
    dns_ms: Mapped[float | None] = mapped_column(REAL)
    connect_ms: Mapped[float | None] = mapped_column(REAL)
    tls_ms: Mapped[float | None] = mapped_column(REAL)
    ttfb_ms: Mapped[float | None] = mapped_column(REAL)
    transfer_ms: Mapped[float | None] = mapped_column(REAL)
    in_maintenance: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    # What rules saw beside the check itself; null where that takes no room to know.
    settled_status: Mapped[str | None]  # the service's status then; null: the check's own
    consecutive_failures: Mapped[int | None]  # in its region; null: none
    ssl_days_remaining: Mapped[int | None]
    # How long the result speaks for its service; null in results of before this was stored.
    cover_seconds: Mapped[int | None]


class StatusChange(Identified, Base):
    """A settled change of a service's status: a state change is a row first."""

    __tablename__ = "status_changes"
    __table_args__ = (
        Index("ix_status_changes_service", "service_id", "at"),
        Index(
            "ix_status_changes_pauses",
            "service_id",
            "at",
            postgresql_where=text("from_status = 'PAUSED' OR to_status = 'PAUSED'"),
        ),
    )

    service_id: Mapped[UUID] = mapped_column(ForeignKey("services.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    from_status: Mapped[str]
    to_status: Mapped[str]
    reason: Mapped[str | None]
    check_id: Mapped[UUID | None]


class StatusHold(Base):
    """A change of status that was not told yet, and the status that was told last."""

    __tablename__ = "status_holds"

    service_id: Mapped[UUID] = mapped_column(
        ForeignKey("services.id", ondelete="CASCADE"), primary_key=True
    )
    told_status: Mapped[str]
    is_flapping: Mapped[bool]


class ProbeRequest(Identified, Base):
    """A one-off probe of an unsaved service, asked for by the API and answered by a worker."""

    __tablename__ = "probe_requests"
    __table_args__ = (
        Index("ix_probe_requests_open", "region", postgresql_where=text("outcome IS NULL")),
    )

    organization_id: Mapped[UUID] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE")
    )
    region: Mapped[str]
    sealed_target: Mapped[bytes] = mapped_column(BYTEA)  # the definition with its secrets
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    lease_until: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any] | None]


class HistoryPurge(Base):
    """The history of a deleted service, waiting to be removed in the background."""

    __tablename__ = "history_purges"

    service_id: Mapped[UUID] = mapped_column(primary_key=True)
    requested_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
