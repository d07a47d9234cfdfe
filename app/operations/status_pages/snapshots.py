"""Snapshots of pages: made in the background under a lease, read by every web process."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, select, text, update

from app.domain.status_pages.maintenance import REMEMBERED, MaintenanceState
from app.models.organization import Organization
from app.models.services import Service
from app.models.status_pages import PageSnapshot, StatusPage, StatusPageSlug
from app.operations.status_pages import (
    documents,
    incident_documents,
    previous,
    response_times,
    services,
    windows,
)
from app.platform.bootstrap import runtime
from app.platform.transaction import (
    DATABASE_AWAY,
    Transaction,
    single_statement,
    single_value,
    transaction,
)

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=30)
MAKE_JOB = "workers.status_pages.make_snapshots"
_LEASE_SECONDS = 15

# A page is due by its time, when rules or windows of its organization were edited, and when one of
# the organization's services took another status. That is stamped before its commit: for a while
# such a page is made again and again, at most once a second.
_CHANGED = """
WITH changed AS MATERIALIZED (
    SELECT organization_id, min(status_changed_at) AS at FROM services
    WHERE status_changed_at > now() - interval '8 seconds' GROUP BY 1
)"""
_DUE = """
    FROM page_snapshots s
    JOIN status_pages p ON p.id = s.status_page_id
    JOIN organizations o ON o.id = p.organization_id
    LEFT JOIN changed c ON c.organization_id = p.organization_id
    WHERE (s.lease_until IS NULL OR s.lease_until < now())
      AND (s.due_at <= now()
        OR s.made_at < now() - interval '1 second' AND (
            s.alerting_version IS DISTINCT FROM o.alerting_version OR c.at IS NOT NULL))"""
_DUE_SINCE = """CASE WHEN s.due_at <= now() THEN s.due_at
    ELSE greatest(s.made_at + interval '1 second', coalesce(c.at, now())) END"""
_CLAIM = f"""{_CHANGED}, due AS (
    SELECT s.status_page_id {_DUE}
    ORDER BY {_DUE_SINCE} LIMIT 1 FOR UPDATE OF s SKIP LOCKED
)
UPDATE page_snapshots s SET lease_until = now() + %(lease)s * interval '1 second'
FROM due WHERE s.status_page_id = due.status_page_id
RETURNING s.status_page_id, s.due_at
"""  # noqa: S608  constants
_DUE_FOR = f"""{_CHANGED}
SELECT extract(epoch FROM now() - min({_DUE_SINCE}))::float {_DUE}
"""  # noqa: S608  constants
_CLAIM_ONE = """
UPDATE page_snapshots SET lease_until = now() + %(lease)s * interval '1 second'
WHERE status_page_id = %(id)s AND (lease_until IS NULL OR lease_until < now())
RETURNING status_page_id, due_at
"""


@dataclass(frozen=True, slots=True)
class PageClaim:
    """A page whose snapshot is to be made, and the time at which it was due."""

    page_id: UUID
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Made:
    """A snapshot: two JSON documents, and when the next one should be made."""

    document: bytes
    archive: bytes
    next_at: datetime
    alerting_version: int


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A snapshot as web processes hold it."""

    page_id: UUID
    document: bytes
    archive: bytes
    hash: str
    made_at: datetime
    old_slugs: tuple[str, ...]


def wanted(tx: Transaction, page_id: UUID) -> None:
    """Have a page made anew as soon as this transaction is over."""
    tx.session.execute(
        update(PageSnapshot)
        .where(PageSnapshot.status_page_id == page_id)
        .values(due_at=func.clock_timestamp())
    )
    tx.after_commit(hint)


def hint() -> None:
    """Say that a page may be due. Raises redis errors when Redis is away."""
    runtime().hints.work(MAKE_JOB)


def claim() -> PageClaim | None:
    """Take the page that is due longest under a lease; None when none is due."""
    with transaction() as tx:
        row = tx.driver.execute(_CLAIM, {"lease": _LEASE_SECONDS}).fetchone()
    return PageClaim(*row) if row else None


def make_now(page_id: UUID) -> None:
    """Make the snapshot of a page in this request, so that its address answers with the next one.

    Where another process is at it, or the database goes away meanwhile, the background does it.
    """
    try:
        with transaction() as tx:
            row = tx.driver.execute(_CLAIM_ONE, {"lease": _LEASE_SECONDS, "id": page_id}).fetchone()
        if row is not None:
            make(PageClaim(*row))
    except DATABASE_AWAY as error:
        log.info("a snapshot is left to the background", extra={"why": str(error)})


def due_for_seconds() -> float | None:
    """Return how long a page has waited for its snapshot; None while none is due."""
    seconds: float | None = single_value(_DUE_FOR)
    return seconds


def make(claimed: PageClaim) -> bool:
    """Make the snapshot of a claimed page and store it; False when the page is gone."""
    with transaction() as tx:
        tx.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        tx.session.execute(text("SET TRANSACTION READ ONLY"))
        page = tx.session.get(StatusPage, claimed.page_id)
        stored = tx.session.get(PageSnapshot, claimed.page_id)
        made = _made(tx, page, stored) if page is not None else None
    if made is None:
        return False
    _store(claimed, made)
    return True


def preview(tx: Transaction, page: StatusPage) -> tuple[bytes, bytes]:
    """Return both documents of a page that need not be stored."""
    made = _made(tx, page, None)
    return made.document, made.archive


def _made(tx: Transaction, page: StatusPage, stored: PageSnapshot | None) -> Made:
    """Return the snapshot of a page; `stored` is the one before."""
    now = tx.now()
    before = previous.kept(stored)
    organization = tx.session.get_one(Organization, page.organization_id)
    rows = list(
        tx.session.scalars(select(Service).where(Service.organization_id == page.organization_id))
    )
    planned = windows.of_organization(tx, page.organization_id)
    incidents = incident_documents.published(tx, page.id, now)
    keys = services.keys(tx, page.id)
    # A service that has joined by a tag shows up once `services.assign_keys` has given it a key.
    keyed = [row for row in rows if row.id in keys]
    left_out = services.count_left_out(page.sections, services.candidates_of(rows))
    shown = documents.shown_services(page, keyed, keys, planned, incidents, now)
    charts: Mapping[str, Any] = {}
    responses: Mapping[UUID, Mapping[str, Any]] = {}
    if page.show.get("response_times"):
        keys_shown = {id: one.key for id, one in shown.items()}
        charts = response_times.charts(tx, keys_shown, before["responses"])
        responses = response_times.figures(tx, keys_shown, charts)
    document = documents.document(tx, page, shown, responses, incidents, now)
    shown_incidents = incident_documents.to_json(tx, incidents, shown)
    document["left_out"] = left_out
    document["incidents"] = [entry for entry in shown_incidents if entry["resolved_at"] is None]
    announced = windows.announced(tx, page.id, now)
    occurrences = windows.shown(
        page.id, planned, shown, now, since=now - REMEMBERED, announced=announced
    )
    cancelled = windows.cancelled(before, occurrences, now)
    is_over = [entry["state"] == MaintenanceState.DONE for entry in occurrences]
    document["maintenance"] = [e for e, over in zip(occurrences, is_over, strict=True) if not over]
    archive = {
        "incidents": [entry for entry in shown_incidents if entry["resolved_at"] is not None],
        "maintenance": [e for e, over in zip(occurrences, is_over, strict=True) if over],
        "cancelled": cancelled,
        "responses": charts,
    }
    change_at = windows.next_change(planned, now)
    return Made(
        document=_dump(document),
        archive=_dump(archive),
        next_at=min(now + EVERY, change_at or now + EVERY),
        alerting_version=organization.alerting_version,
    )


def _store(claimed: PageClaim, made: Made) -> None:
    with transaction() as tx:
        row = tx.session.get(PageSnapshot, claimed.page_id, with_for_update={"key_share": True})
        if row is None:
            return  # the page was deleted meanwhile
        now = tx.now()
        for name, content in (("document", made.document), ("archive", made.archive)):
            hash_name = "hash" if name == "document" else "archive_hash"
            digest = hashlib.sha256(content).hexdigest()[:32]
            if getattr(row, hash_name) != digest:
                setattr(row, name, content)
                setattr(row, hash_name, digest)
                row.version += 1
        row.made_at, row.lease_until = now, None
        row.alerting_version = made.alerting_version
        if row.due_at == claimed.due_at:  # else somebody has edited the page meanwhile
            row.due_at = made.next_at


def assign_keys(page_id: UUID) -> None:
    """Give a key to the services that have joined a page by their tags."""
    with transaction() as tx:
        page = tx.session.get(StatusPage, page_id)
        if page is not None:
            services.assign_keys(tx, page)


def made_at(tx: Transaction, page_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Return when the snapshots of pages were made; a page that has none yet is missing."""
    rows = tx.session.execute(
        select(PageSnapshot.status_page_id, PageSnapshot.made_at).where(
            PageSnapshot.status_page_id.in_(page_ids), PageSnapshot.made_at.is_not(None)
        )
    )
    return {id: at for id, at in rows if at is not None}


def versions() -> dict[UUID, tuple[int, datetime]]:
    """Return version and time of every snapshot that was made, by page."""
    rows = single_statement(
        "SELECT status_page_id, version, made_at FROM page_snapshots WHERE made_at IS NOT NULL",
        timeout_seconds=1,
    )
    return {row.status_page_id: (row.version, row.made_at) for row in rows}


def load(page_ids: Sequence[UUID]) -> list[StoredSnapshot]:
    """Return the snapshots of pages as they are now."""
    with transaction() as tx:
        tx.session.execute(text("SET LOCAL statement_timeout = 5000"))
        slugs: dict[UUID, list[str]] = {}
        for old in tx.session.scalars(
            select(StatusPageSlug).where(
                StatusPageSlug.status_page_id.in_(page_ids), StatusPageSlug.kept_until > func.now()
            )
        ):
            slugs.setdefault(old.status_page_id, []).append(old.slug)
        rows = tx.session.scalars(
            select(PageSnapshot).where(
                PageSnapshot.status_page_id.in_(page_ids), PageSnapshot.made_at.is_not(None)
            )
        )
        result = [
            StoredSnapshot(
                page_id=row.status_page_id,
                document=row.document or b"{}",
                archive=row.archive or b"{}",
                hash=f"{row.hash}{row.archive_hash}",
                made_at=row.made_at,
                old_slugs=tuple(sorted(slugs.get(row.status_page_id, ()))),
            )
            for row in rows
            if row.made_at is not None
        ]
    return result


def _dump(value: Any) -> bytes:
    options = orjson.OPT_UTC_Z | orjson.OPT_SORT_KEYS
    return orjson.dumps(value, default=str, option=options)
