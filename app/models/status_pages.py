"""Status pages, the keys of what they show, their snapshots, incidents and subscribers."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.dialects.postgresql import UUID as PgUUID
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, OrganizationOwned


def _page_id() -> Mapped[UUID]:
    return mapped_column(ForeignKey("status_pages.id", ondelete="CASCADE"), index=True)


class StatusPage(OrganizationOwned, Base):
    """A page for strangers: what it shows, and how. What is seen of it is a `PageSnapshot`."""

    __tablename__ = "status_pages"
    __table_args__ = (
        UniqueConstraint("slug"),
        UniqueConstraint("badge_key"),
        Index(
            "uq_status_pages_domain",
            "custom_domain",
            unique=True,
            postgresql_where=text("domain_verified_at IS NOT NULL"),
        ),
    )

    name: Mapped[str]
    slug: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    is_public: Mapped[bool] = mapped_column(default=True)
    branding: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # Images of `branding` that stand elsewhere, by address: {data} or {error, at}.
    logos: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    sections: Mapped[list[Any]] = mapped_column(default=list)
    services: Mapped[dict[str, Any]] = mapped_column(default=dict)  # public names, by service id
    custom_domain: Mapped[str | None]
    domain_token: Mapped[str]  # what the TXT record has to hold
    domain_verified_at: Mapped[datetime | None]
    domain_checked_at: Mapped[datetime | None]
    domain_wrong_since: Mapped[datetime | None]  # of a verified one: it is lost after a while
    # Whether the TXT record was there when a name server last answered for it.
    domain_has_txt: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    domain_answer: Mapped[str | None]  # what the record was when it was last looked up
    password_hash: Mapped[str | None]
    show_uptime_days: Mapped[int] = mapped_column(default=90)
    theme: Mapped[str] = mapped_column(default="auto")
    language: Mapped[str] = mapped_column(default="en")
    timezone: Mapped[str] = mapped_column(default="UTC")
    links: Mapped[dict[str, Any]] = mapped_column(default=dict)
    show: Mapped[dict[str, Any]] = mapped_column(default=dict)
    layout: Mapped[str] = mapped_column(default="list")
    auto_incidents: Mapped[dict[str, Any]] = mapped_column(default=dict)
    notify: Mapped[dict[str, Any]] = mapped_column(default=dict)
    allow_subscribe: Mapped[bool] = mapped_column(default=True)
    is_indexed: Mapped[bool] = mapped_column(default=True)
    announcement: Mapped[dict[str, Any] | None]
    custom_css: Mapped[str] = mapped_column(default="")
    badge_key: Mapped[str]


class StatusPageSlug(Base):
    """A slug that a page had before: it leads on to the page, and nobody else gets it."""

    __tablename__ = "status_page_slugs"

    slug: Mapped[str] = mapped_column(primary_key=True)
    status_page_id: Mapped[UUID] = _page_id()
    kept_until: Mapped[datetime]


class StatusPageService(Base):
    """The random key under which one page shows a service; it stays while both exist."""

    __tablename__ = "status_page_services"
    __table_args__ = (UniqueConstraint("key"),)

    status_page_id: Mapped[UUID] = mapped_column(
        ForeignKey("status_pages.id", ondelete="CASCADE"), primary_key=True
    )
    service_id: Mapped[UUID] = mapped_column(
        ForeignKey("services.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str]


class PageSnapshot(Base):
    """Snapshot of a page, made in the background: everything that visitors get comes from it.

    `document` is what changes by the minute, `archive` what is over. Null documents: not made yet.
    """

    __tablename__ = "page_snapshots"
    __table_args__ = (Index("ix_page_snapshots_due", "due_at"),)

    status_page_id: Mapped[UUID] = mapped_column(
        ForeignKey("status_pages.id", ondelete="CASCADE"), primary_key=True
    )
    document: Mapped[bytes | None] = mapped_column(BYTEA)
    archive: Mapped[bytes | None] = mapped_column(BYTEA)
    hash: Mapped[str | None]
    archive_hash: Mapped[str | None]
    version: Mapped[int] = mapped_column(BigInteger, default=0)  # raised by every new document
    alerting_version: Mapped[int | None] = mapped_column(BigInteger)  # of the organization then
    made_at: Mapped[datetime | None]
    due_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    lease_until: Mapped[datetime | None]


class PageIncident(OrganizationOwned, Base):
    """Incident of one page. `affected` names services with a state."""

    __tablename__ = "page_incidents"
    __table_args__ = (
        UniqueConstraint("key"),
        Index("ix_page_incidents_started", "status_page_id", "started_at"),
    )

    status_page_id: Mapped[UUID] = mapped_column(ForeignKey("status_pages.id", ondelete="CASCADE"))
    key: Mapped[str]  # what stands in its public address
    title: Mapped[str]
    status: Mapped[str] = mapped_column(default="investigating")
    severity: Mapped[str] = mapped_column(default="minor")
    service_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PgUUID(as_uuid=True)), default=list)
    service_states: Mapped[dict[str, Any]] = mapped_column(default=dict)  # by service id
    overall_state: Mapped[str | None]
    is_draft: Mapped[bool] = mapped_column(default=False)
    is_automatic: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    stated_at: Mapped[datetime | None]  # when a person last said how services are
    next_update_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    post_mortem: Mapped[str] = mapped_column(default="")
    post_mortem_published_at: Mapped[datetime | None]
    # Of automatic ones: the alerts they stand for, and since when all of those are over.
    alert_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PgUUID(as_uuid=True)), default=list)
    recovered_at: Mapped[datetime | None]


class PageIncidentUpdate(OrganizationOwned, Base):
    """One thing that was said about an incident."""

    __tablename__ = "page_incident_updates"
    __table_args__ = (Index("ix_page_incident_updates_incident", "incident_id", "at"),)

    incident_id: Mapped[UUID] = mapped_column(ForeignKey("page_incidents.id", ondelete="CASCADE"))
    status: Mapped[str]
    body: Mapped[str]
    at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    is_minor: Mapped[bool] = mapped_column(default=False)  # tells nobody


class PageSubscriber(OrganizationOwned, Base):
    """Subscriber of a page, told of nothing until they have confirmed."""

    __tablename__ = "page_subscribers"
    __table_args__ = (
        UniqueConstraint("status_page_id", "kind", "address_hash"),
        Index("ix_page_subscribers_expiry", "expires_at"),
    )

    status_page_id: Mapped[UUID] = mapped_column(ForeignKey("status_pages.id", ondelete="CASCADE"))
    kind: Mapped[str]  # email, webhook, slack, discord, teams
    address: Mapped[dict[str, Any]]  # sealed
    address_hash: Mapped[str]
    secret: Mapped[dict[str, Any] | None]  # sealed: signs webhooks
    service_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PgUUID(as_uuid=True)), default=list)
    wants: Mapped[str] = mapped_column(default="everything")
    confirmed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]  # of one who has not confirmed
    confirmations: Mapped[list[Any]] = mapped_column(default=list)  # when one was asked for
    bounces: Mapped[int] = mapped_column(default=0)
    paused_at: Mapped[datetime | None]
    last_error: Mapped[str | None]


class PageNotice(Base):
    """Notice to subscribers about one occurrence of maintenance: each is sent once."""

    __tablename__ = "page_notices"

    status_page_id: Mapped[UUID] = mapped_column(
        ForeignKey("status_pages.id", ondelete="CASCADE"), primary_key=True
    )
    window_id: Mapped[UUID] = mapped_column(
        ForeignKey("maintenance_windows.id", ondelete="CASCADE"), primary_key=True
    )
    starts_at: Mapped[datetime] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    ends_at: Mapped[datetime]
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
