"""Signs of life of probe workers."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class WorkerPulse(Base):
    """Pulse of a worker of a region, and since when it has been isolated."""

    __tablename__ = "worker_pulses"

    worker: Mapped[str] = mapped_column(primary_key=True)
    region: Mapped[str]
    at: Mapped[datetime]
    blind_since: Mapped[datetime | None]
