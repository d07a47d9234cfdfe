"""Create, read, change and delete status pages."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import delete as delete_rows
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.domain.status_pages import domains, slugs
from app.domain.status_pages.domains import Domain
from app.models.maintenance_windows import MaintenanceWindow
from app.models.services import Service
from app.models.status_pages import PageSnapshot, StatusPage, StatusPageSlug
from app.operations import rows as owned_rows
from app.operations.rows import Position, columns, refused
from app.operations.status_pages import addresses, services, snapshots
from app.platform.bootstrap import runtime
from app.platform.crypto import random_key
from app.platform.errors import Conflict
from app.platform.transaction import Transaction, transaction

SLUG_KEPT = timedelta(days=90)
TXT_LABEL = "_alertifypro"
_TAKEN = "this slug is taken"
_INTERNAL = (
    "password_hash", "logos", "domain_token", "domain_verified_at", "domain_checked_at",
    "domain_answer", "domain_wrong_since",
)  # fmt: skip
_UNIQUE = ("id", "organization_id", "slug", "badge_key", "created_at", "updated_at")
_DEFAULTS: Mapping[str, Any] = {
    "show": {"response_times": False, "made_with": True},
    "notify": dict.fromkeys(
        (
            "incidents", "maintenance_announced", "maintenance_reminder", "maintenance_started",
            "maintenance_ended",
        ),
        True,
    ),
    "auto_incidents": {"mode": "draft", "after_minutes": 3, "resolve_minutes": 10},
}  # fmt: skip


def listed(
    organization_id: UUID, *, limit: int, after: Position | None
) -> tuple[list[dict[str, Any]], Position | None, int]:
    """Return a page of pages, newest first, where to go on (None at the end), their number."""
    with transaction() as tx:
        rows, position, total = owned_rows.page(
            tx, StatusPage, organization_id, limit=limit, after=after
        )
        candidates = services.candidates(tx, organization_id) if rows else []
        made_at = snapshots.made_at(tx, [row.id for row in rows])
        found = [
            _to_json(row, services.count(row.sections, candidates), made_at.get(row.id))
            for row in rows
        ]
    return found, position, total


def read(organization_id: UUID, page_id: UUID) -> dict[str, Any]:
    """Return a page. Raises NotFound."""
    with transaction() as tx:
        found = _response(tx, owned_rows.find(tx, StatusPage, organization_id, page_id))
    return found


def create(
    organization_id: UUID, data: Mapping[str, Any], password_hash: str | None
) -> dict[str, Any]:
    """Create a page and return it. Raises Conflict for a slug that is taken, Invalid."""
    with transaction() as tx:
        values = {**_DEFAULTS, **_stored(tx, organization_id, data)}
        values.setdefault("slug", slugs.derive(values["name"]))
        _refuse_old_slug(tx, values["slug"], None)
        page = StatusPage(
            id=uuid4(),
            organization_id=organization_id,
            password_hash=password_hash,
            domain_token=random_key(128),
            badge_key=f"sp-{random_key(64)}",
            **values,
        )
        tx.session.add(page)
        _flush(tx)
        tx.session.add(PageSnapshot(status_page_id=page.id))
        services.assign_keys(tx, page)
        page_id = page.id
        # After the commit, also where a configuration file encloses this transaction.
        tx.after_commit(snapshots.make_now, page_id)
    return read(organization_id, page_id)


def update(
    organization_id: UUID,
    page_id: UUID,
    data: Mapping[str, Any],
    *,
    password_hash: str | None,
) -> dict[str, Any]:
    """Change a page and return it; an earlier slug leads on to it for 90 days.

    Raises NotFound, Conflict for a slug that is taken, Invalid.
    """
    with transaction() as tx:
        page = owned_rows.lock(tx, StatusPage, organization_id, page_id)
        changes = _stored(tx, organization_id, data)
        if "password" in data:
            page.password_hash = password_hash
        slug = changes.get("slug", page.slug)
        is_moved = slug != page.slug
        if is_moved:
            _refuse_old_slug(tx, slug, page.id)
            kept_until = tx.now() + SLUG_KEPT
            tx.session.merge(
                StatusPageSlug(slug=page.slug, status_page_id=page.id, kept_until=kept_until)
            )
        if changes.get("custom_domain", page.custom_domain) != page.custom_domain:
            page.domain_verified_at = page.domain_checked_at = None
            page.domain_answer = page.domain_wrong_since = None
        for name, value in changes.items():
            setattr(page, name, value)
        _flush(tx)
        services.assign_keys(tx, page)
        snapshots.wanted(tx, page.id)
        found = _response(tx, page)
        if is_moved:
            tx.after_commit(snapshots.make_now, page_id)
    return found


def preview(
    organization_id: UUID, page_id: UUID | None, data: Mapping[str, Any]
) -> tuple[bytes, bytes, list[dict[str, Any]]]:
    """Return the two documents of a page as it would be, and the services that it would show.

    With `page_id` of that page with these changes. Nothing is kept: the page is made, looked at,
    and taken back. Raises NotFound, Invalid.
    """
    with transaction() as tx:
        before: set[UUID] = set()
        values = {**_DEFAULTS, "name": "Preview"}
        candidates = services.candidates(tx, organization_id)
        if page_id is not None:
            stored = owned_rows.find(tx, StatusPage, organization_id, page_id)
            before = set(services.shown(stored.sections, candidates))
            values = {n: v for n, v in columns(stored).items() if n not in (*_INTERNAL, *_UNIQUE)}
        values |= _stored(tx, organization_id, data)
        values["slug"] = f"preview-{random_key(64)}"
        page = StatusPage(
            id=uuid4(),
            organization_id=organization_id,
            domain_token="",
            badge_key=f"sp-{random_key(64)}",
            **values | {"custom_domain": None},
        )
        tx.session.add(page)
        tx.session.flush()
        services.assign_keys(tx, page)
        documents = snapshots.preview(tx, page)
        names = {candidate.id: candidate.name for candidate in candidates}
        shown = [
            {"id": id, "name": names[id], "is_new": id not in before}
            for id in services.shown(page.sections, candidates)
        ]
        tx.session.rollback()
    return *documents, shown


def delete(organization_id: UUID, page_id: UUID) -> None:
    """Delete a page with its incidents and subscribers. Raises NotFound."""
    with transaction() as tx:
        page = owned_rows.lock(tx, StatusPage, organization_id, page_id, against_references=True)
        windows = tx.session.scalars(
            select(MaintenanceWindow)
            .where(
                MaintenanceWindow.organization_id == organization_id,
                MaintenanceWindow.status_page_ids.contains([page_id]),
            )
            .with_for_update(key_share=True)
        )
        for window in windows:
            window.status_page_ids = [id for id in window.status_page_ids if id != page_id]
        tx.session.delete(page)


def password_hash_of(organization_id: UUID, page_id: UUID) -> str | None:
    """Return the hash of a page's password, None where there is none. Raises NotFound."""
    with transaction() as tx:
        found = owned_rows.find(tx, StatusPage, organization_id, page_id).password_hash
    return found


def _stored(tx: Transaction, organization_id: UUID, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of what a caller has given. Raises Invalid for services of others."""
    values = {name: value for name, value in data.items() if name != "password"}
    for section in values.get("sections", ()):
        owned_rows.require(
            tx, Service, organization_id, section["service_ids"], field="sections", what="service"
        )
    if "sections" in values:
        values["sections"] = [
            {**section, "service_ids": [str(id) for id in section["service_ids"]]}
            for section in values["sections"]
        ]
        names = [section["name"] for section in values["sections"]]
        if len(set(names)) < len(names):
            raise refused("sections", "Two sections have the same name.")
    if "services" in values:
        named = values["services"]
        owned_rows.require(tx, Service, organization_id, named, field="services", what="service")
        values["services"] = {str(id): dict(public) for id, public in named.items()}
    if values.get("custom_domain") == _own_host():
        raise refused("custom_domain", "This is the host of the installation itself.")
    if values.get("announcement"):
        values["announcement"] = services.plain(values["announcement"])
    return values


def _own_host() -> str:
    return urlsplit(runtime().config.base_url).hostname or ""


def _refuse_old_slug(tx: Transaction, slug: str, page_id: UUID | None) -> None:
    tx.session.execute(delete_rows(StatusPageSlug).where(StatusPageSlug.kept_until < tx.now()))
    kept = tx.session.get(StatusPageSlug, slug)
    if kept is not None and kept.status_page_id != page_id:
        raise Conflict(_TAKEN)
    if kept is not None:
        tx.session.delete(kept)


def _flush(tx: Transaction) -> None:
    try:
        tx.session.flush()
    except IntegrityError as error:
        if "slug" in str(error.orig):
            raise Conflict(_TAKEN) from None
        raise


def _response(tx: Transaction, page: StatusPage) -> dict[str, Any]:
    candidates = services.candidates(tx, page.organization_id)
    made_at = snapshots.made_at(tx, [page.id]).get(page.id)
    return _to_json(page, services.count(page.sections, candidates), made_at)


def _to_json(page: StatusPage, services_count: int, made_at: datetime | None) -> dict[str, Any]:
    stored = {name: value for name, value in columns(page).items() if name not in _INTERNAL}
    return stored | {
        "url": addresses.of_page(page),
        "has_password": page.password_hash is not None,
        "services_count": services_count,
        "domain": _domain(page, made_at),
    }


def _domain(page: StatusPage, made_at: datetime | None) -> dict[str, Any] | None:
    if page.custom_domain is None:
        return None
    return {
        "state": domains.state(Domain(page.domain_verified_at), made_at),
        "cname": _own_host(),
        "txt_name": f"{TXT_LABEL}.{page.custom_domain}",
        "txt_value": page.domain_token,
        "seen": page.domain_answer,
        "checked_at": page.domain_checked_at,
    }
