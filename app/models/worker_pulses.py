"""Signs of life of probe workers."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class WorkerPulse(Base):
    """When a worker of a region was last seen alive, and since when it has been blind."""

    __tablename__ = "worker_pulses"

    worker: Mapped[str] = mapped_column(primary_key=True)
    region: Mapped[str]
    at: Mapped[datetime]
    blind_since: Mapped[datetime | None]
