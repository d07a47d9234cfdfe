"""/status-pages: pages for strangers, what they show and how they look."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from app.api.crud import Operations, ResourceRoutes, add_routes
from app.api.http import Blueprint
from app.operations.resource import Parent
from app.operations.status_pages import domains, pages
from app.pages.status import html
from app.platform.cooperative import offload
from app.platform.crypto import hash_password
from app.schemas.status_page_views import PreviewQuerySchema, StatusPagePreviewSchema
from app.schemas.status_pages import (
    ADMIN_FIELDS,
    StatusPageChangeSchema,
    StatusPageInputSchema,
    StatusPagePreviewInputSchema,
    StatusPageReplacementSchema,
    StatusPageSchema,
)
from app.security.access import budget, principal, refuse, requires
from app.security.limits import count_costly

bp = Blueprint(
    "status_pages",
    __name__,
    url_prefix="/status-pages",
    description="Pages that tell strangers how things are.",
)

_PASSWORDS_A_MINUTE = 60  # each is hashed, which takes a processor for a while
_ADMIN = "status_pages:admin"


@bp.post("/preview")
@requires("status_pages:write")
@bp.accepts(PreviewQuerySchema, location="query")
@bp.accepts(StatusPagePreviewInputSchema(partial=True))
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


def _create(organization_id: UUID, data: dict[str, Any]) -> dict[str, Any]:
    _refuse_for_editors(name for name in ADMIN_FIELDS if data.get(name))
    return pages.create(organization_id, _with_hash(data))


def _update(organization_id: UUID, page_id: UUID, data: dict[str, Any]) -> dict[str, Any]:
    changes = [name for name in ADMIN_FIELDS if name in data]
    if changes:
        stored = pages.read(organization_id, page_id)
        _refuse_for_editors(name for name in changes if data[name] != stored[name])
    return pages.update(organization_id, page_id, _with_hash(data))


def parent_page(page_id: UUID) -> Parent:
    """Return whose rows the caller may reach below a status page."""
    return Parent(principal().organization_id, page_id)


def _refuse_for_editors(changed: Iterable[str]) -> None:
    if any(changed) and not principal().may(_ADMIN):
        refuse(_ADMIN)


def _with_hash(data: dict[str, Any]) -> dict[str, Any]:
    """Return what a caller sends with a hash for its password, None for none."""
    if "password" not in data:
        return data
    password = data["password"]
    if password is None:
        return data | {"password_hash": None}
    count_costly("passwords of pages", str(principal().organization_id), _PASSWORDS_A_MINUTE)
    return data | {"password_hash": offload(hash_password, password)}


add_routes(
    bp,
    ResourceRoutes(
        noun="a status page",
        plural="status pages",
        permission="status_pages",
        id_name="page_id",
        answer=StatusPageSchema,
        body=StatusPageInputSchema,
        change=StatusPageChangeSchema(partial=True),
        replacement=StatusPageReplacementSchema(partial=True),
        operations=replace(Operations.of(pages), create=_create, update=_update),
        patch="update",
        notes={
            "create": "It answers at `url` at once. Sections hold services by id or by tag: a "
            "service with\none of the tags joins by itself. What strangers see of a service is its "
            "public name and state,\nand nothing of its address, tags, regions or errors.",
            "change": "Changes the given fields and leaves the others. An earlier slug leads on to "
            "the page for 90 days\nand is given to nobody else in that time.",
            "delete": "Its incidents and subscribers go with it.",
        },
    ),
)


@bp.post("/<uuid:page_id>/verify-domain")
@requires("status_pages:admin")
@bp.returns(StatusPageSchema, 202)
@budget("checks of domains", 20)
def verify_domain(page_id: UUID) -> dict[str, Any]:
    """Look up the records of a custom domain

    `domain.seen` and `domain.checked_at` change within a minute; either record is enough. A page
    whose TXT record is there takes the host from one that has only the CNAME.
    """
    domains.check_again(principal().organization_id, page_id)
    return pages.read(principal().organization_id, page_id)
