"""/status-pages: pages for strangers, what they show and how they look."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import Response

from app.api import pagination
from app.api.http import PAGE_HEADERS, Blueprint
from app.operations.status_pages import domains, pages
from app.pages.status import html
from app.platform.cooperative import offload
from app.platform.crypto import hash_password
from app.schemas.status_page_views import PreviewQuerySchema, StatusPagePreviewSchema
from app.schemas.status_pages import (
    ADMIN_FIELDS,
    StatusPageChangeSchema,
    StatusPageFilterSchema,
    StatusPageInputSchema,
    StatusPageReplacementSchema,
    StatusPageSchema,
)
from app.security.access import budget, principal, refuse, requires

bp = Blueprint(
    "status_pages",
    __name__,
    url_prefix="/status-pages",
    description="Pages that tell strangers how things are.",
)

_ADMIN = "status_pages:admin"


@bp.get("")
@requires("status_pages:read")
@bp.accepts(StatusPageFilterSchema, location="query")
@bp.returns(StatusPageSchema(many=True), headers=PAGE_HEADERS)
def index(query: dict[str, Any]) -> Response:
    """List status pages

    Newest first.
    """
    limit, after = pagination.take_page(query)
    return pagination.answer(*pages.listed(principal().organization_id, limit=limit, after=after))


@bp.post("")
@requires("status_pages:write")
@bp.accepts(StatusPageInputSchema)
@bp.returns(StatusPageSchema, 201)
def create(data: dict[str, Any]) -> dict[str, Any]:
    """Create a status page

    It answers at `url` at once. Sections hold services by id or by tag: a service with
    one of the tags joins by itself. What strangers see of a service is its public name and state,
    and nothing of its address, tags, regions or errors.
    """
    _refuse_for_editors(name for name in ADMIN_FIELDS if data.get(name))
    return pages.create(principal().organization_id, data, _hash(data))


@bp.post("/preview")
@requires("status_pages:write")
@bp.accepts(PreviewQuerySchema, location="query")
@bp.accepts(StatusPageChangeSchema(partial=True))
@bp.returns(StatusPagePreviewSchema)
@budget("previews of pages", 120)
def preview(query: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    """Preview a status page

    The page as it would be, of these fields alone or, with `page_id`, of that page with them
    changed; for a frame in a sandbox. `services` says who would be public, and who is not yet.
    """
    document, archive, shown = pages.preview(
        principal().organization_id, query.get("page_id"), data
    )
    return {"html": html.preview(document, archive), "services": shown}


@bp.get("/<uuid:page_id>")
@requires("status_pages:read")
@bp.returns(StatusPageSchema)
def read(page_id: UUID) -> dict[str, Any]:
    """Read a status page"""
    return pages.read(principal().organization_id, page_id)


@bp.patch("/<uuid:page_id>")
@requires("status_pages:write")
@bp.accepts(StatusPageChangeSchema(partial=True))
@bp.returns(StatusPageSchema)
def update(data: dict[str, Any], page_id: UUID) -> dict[str, Any]:
    """Change a status page

    Changes the given fields and leaves the others. An earlier slug leads on to the page for 90 days
    and is given to nobody else in that time.
    """
    return _update(data, page_id)


@bp.put("/<uuid:page_id>")
@requires("status_pages:write")
@bp.accepts(StatusPageReplacementSchema(partial=True))
@bp.returns(StatusPageSchema)
def replace(data: dict[str, Any], page_id: UUID) -> dict[str, Any]:
    """Change a status page that was read before

    The same as PATCH; fields that only the server sets may be sent along and are ignored.
    """
    return _update(data, page_id)


@bp.delete("/<uuid:page_id>")
@requires("status_pages:write")
@bp.returns(None, 204)
def delete(page_id: UUID) -> None:
    """Delete a status page

    Its incidents and subscribers go with it.
    """
    pages.delete(principal().organization_id, page_id)


@bp.post("/<uuid:page_id>/verify-domain")
@requires("status_pages:admin")
@bp.returns(StatusPageSchema, 202)
@budget("checks of domains", 20)
def verify_domain(page_id: UUID) -> dict[str, Any]:
    """Look up the records of a custom domain

    `domain.seen` and `domain.checked_at` change within a minute; either record is enough.
    """
    domains.check_again(principal().organization_id, page_id)
    return pages.read(principal().organization_id, page_id)


def _update(data: dict[str, Any], page_id: UUID) -> dict[str, Any]:
    given = [name for name in ADMIN_FIELDS if name in data]
    if given:
        stored = pages.read(principal().organization_id, page_id)
        _refuse_for_editors(name for name in given if data[name] != stored[name])
    return pages.update(principal().organization_id, page_id, data, password_hash=_hash(data))


def _refuse_for_editors(changed: Iterable[str]) -> None:
    if any(changed) and not principal().may(_ADMIN):
        refuse(_ADMIN)


def _hash(data: dict[str, Any]) -> str | None:
    password = data.get("password")
    return None if password is None else offload(hash_password, password)
