"""Runs of ticks: when each last came."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class TickRun(Base):
    """The run of a tick under way, its latest success, and what has gone wrong since then."""

    __tablename__ = "tick_runs"

    job: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str | None]
    begun_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    losses: Mapped[int] = mapped_column(server_default="0")
    failures: Mapped[int] = mapped_column(server_default="0")
    trace: Mapped[str | None]
    set_aside_at: Mapped[datetime | None]
