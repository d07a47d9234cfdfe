"""The certificate each service showed last, and what was told of its end."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class SslCertificate(Base):
    """The leaf certificate of a service, seen by SSL checks and by every check over TLS."""

    __tablename__ = "ssl_certificates"
    __table_args__ = (Index("ix_ssl_certificates_valid_to", "valid_to"),)

    service_id: Mapped[UUID] = mapped_column(
        ForeignKey("services.id", ondelete="CASCADE"), primary_key=True
    )
    domain: Mapped[str]
    port: Mapped[int]
    subject: Mapped[str]
    issuer: Mapped[str]
    sans: Mapped[list[str]]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    fingerprint_sha256: Mapped[str]
    key_type: Mapped[str]
    chain_valid: Mapped[bool]
    error: Mapped[str | None]
    last_checked_at: Mapped[datetime]
    previous_fingerprint: Mapped[str | None]
    changed_at: Mapped[datetime | None]


class SslNotice(Base):
    """Notice that a certificate ends, at a threshold: once each, whatever happens."""

    __tablename__ = "ssl_notices"

    service_id: Mapped[UUID] = mapped_column(
        ForeignKey("services.id", ondelete="CASCADE"), primary_key=True
    )
    fingerprint_sha256: Mapped[str] = mapped_column(primary_key=True)
    threshold_days: Mapped[int] = mapped_column(primary_key=True)  # 0: it has expired
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
