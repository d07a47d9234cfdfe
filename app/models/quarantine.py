"""Work that ended or stalled the process that did it."""

from datetime import datetime

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class QuarantineEntry(Base):
    """Entry of work that took its process with it: how often, and since when it is set aside.

    `is_suspect` says that a process had it in hand as it ended, so that it is done alone;
    `ends_process` that it has ended one of its own, so that it rests longer than what only fails.
    """

    __tablename__ = "quarantine"

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    losses: Mapped[int]
    trace: Mapped[str | None]
    set_aside_at: Mapped[datetime | None]
    is_suspect: Mapped[bool] = mapped_column(server_default="false")
    ends_process: Mapped[bool] = mapped_column(server_default="false")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
