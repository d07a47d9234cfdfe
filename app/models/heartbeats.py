"""Jobs that report by themselves, and what they reported."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import REAL, BigInteger, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OrganizationOwned


class Heartbeat(OrganizationOwned, Base):
    """A job that should report on a schedule.

    `next_look_at` is when its state may change without a ping (due, past its grace, a run past its
    time): the lateness tick looks at rows whose time has come, by the database's clock.
    """

    __tablename__ = "heartbeats"
    __table_args__ = (
        Index(
            "ix_heartbeats_next_look",
            "next_look_at",
            postgresql_where=text("next_look_at IS NOT NULL"),
        ),
    )

    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    schedule: Mapped[str] = mapped_column(default="every 1h")
    timezone: Mapped[str] = mapped_column(default="UTC")
    grace_period_seconds: Mapped[int] = mapped_column(default=300)
    tags: Mapped[list[str]] = mapped_column(default=list)
    severity: Mapped[str] = mapped_column(default="critical")
    notification_channel_ids: Mapped[list[UUID]] = mapped_column(
        ARRAY(PgUUID(as_uuid=True)), default=list
    )
    escalation_policy_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("escalation_policies.id", ondelete="SET NULL")
    )
    max_runtime_seconds: Mapped[int | None]
    min_interval_seconds: Mapped[int | None]
    max_duration_seconds: Mapped[int | None]
    min_duration_seconds: Mapped[int | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    unique_key: Mapped[str] = mapped_column(unique=True)
    previous_key: Mapped[str | None] = mapped_column(unique=True)
    previous_key_until: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(default="healthy")
    last_ping_at: Mapped[datetime | None]
    last_duration_ms: Mapped[float | None] = mapped_column(REAL)
    next_expected_at: Mapped[datetime | None]
    next_look_at: Mapped[datetime | None]


class HeartbeatPing(Base):
    """One report of a job, as it arrived."""

    __tablename__ = "heartbeat_pings"
    __table_args__ = (Index("ix_heartbeat_pings_heartbeat", "heartbeat_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    heartbeat_id: Mapped[UUID] = mapped_column(ForeignKey("heartbeats.id", ondelete="CASCADE"))
    received_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    kind: Mapped[str]
    exit_status: Mapped[int | None]
    run_id: Mapped[UUID | None]
    duration_ms: Mapped[float | None] = mapped_column(REAL)
    body: Mapped[bytes | None] = mapped_column(BYTEA)
    remote_addr: Mapped[str | None]
    user_agent: Mapped[str | None]


class HeartbeatRun(Base):
    """A run that has started and not ended; overlapping runs are told apart by their ids."""

    __tablename__ = "heartbeat_runs"

    heartbeat_id: Mapped[UUID] = mapped_column(
        ForeignKey("heartbeats.id", ondelete="CASCADE"), primary_key=True
    )
    run_id: Mapped[UUID] = mapped_column(primary_key=True)  # all zeros: a run without an id
    started_at: Mapped[datetime]


class HeartbeatFlip(Base):
    """A change of a heartbeat's status."""

    __tablename__ = "heartbeat_flips"
    __table_args__ = (Index("ix_heartbeat_flips_heartbeat", "heartbeat_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    heartbeat_id: Mapped[UUID] = mapped_column(ForeignKey("heartbeats.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    from_status: Mapped[str]
    to_status: Mapped[str]
    reason: Mapped[str | None]


class IngestBeacon(Base):
    """Proof that pings could be received: one row that the web processes renew."""

    __tablename__ = "ingest_beacons"

    id: Mapped[int] = mapped_column(primary_key=True)
    last_at: Mapped[datetime]


class IngestGap(Base):
    """A time in which no ping could be received; what was due inside it is excused."""

    __tablename__ = "ingest_gaps"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(index=True)
    ends_at: Mapped[datetime]
