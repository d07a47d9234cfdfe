"""Jobs that report by themselves, and what they reported."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import REAL, BigInteger, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OrganizationOwned


class Heartbeat(OrganizationOwned, Base):
    """A job that should report on a schedule: how it is set up, and where it stands.

    From `status` on, the columns are `app.domain.heartbeats.states.HeartbeatState`. The runs that
    are open stand in the row itself, so that a ping locks, reads and writes one row.

    `next_look_at` is when time alone may change the status, or earlier: a ping that puts it off
    leaves it alone, because it is indexed; the sweep then looks once for nothing. Null: only a
    ping changes anything.
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
    badge_key: Mapped[str] = mapped_column(unique=True, default=lambda: f"hb-{uuid4().hex}")
    status: Mapped[str] = mapped_column(default="healthy")
    status_changed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    status_reason: Mapped[str | None]
    basis_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    next_expected_at: Mapped[datetime]
    miss_at: Mapped[datetime]
    open_runs: Mapped[list[Any]] = mapped_column(default=list)  # [[run id, start, due, overdue]]
    is_extended: Mapped[bool] = mapped_column(default=False)
    last_success_at: Mapped[datetime | None]
    last_ping_at: Mapped[datetime | None]  # the last success or failure
    last_duration_ms: Mapped[float | None] = mapped_column(REAL)
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


class HeartbeatFlip(Base):
    """A change into or out of missed, failed or paused, at the time it was due.

    Until `is_handled`, its alert is still to be opened or resolved. While `is_held`, maintenance
    keeps it from being told.
    """

    __tablename__ = "heartbeat_flips"
    __table_args__ = (
        Index("ix_heartbeat_flips_heartbeat", "heartbeat_id", "id"),
        Index("ix_heartbeat_flips_open", "heartbeat_id", postgresql_where=text("NOT is_handled")),
        Index("ix_heartbeat_flips_held", "heartbeat_id", postgresql_where=text("is_held")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    heartbeat_id: Mapped[UUID] = mapped_column(ForeignKey("heartbeats.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    from_status: Mapped[str]
    to_status: Mapped[str]
    reason: Mapped[str | None]
    is_handled: Mapped[bool]
    is_held: Mapped[bool] = mapped_column(server_default=text("false"))


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
