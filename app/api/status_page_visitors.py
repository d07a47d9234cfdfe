"""Helpers of the views of status pages: the pages, who may see one, and how one is sent."""

from collections.abc import Callable, Sequence
from typing import Any, cast
from uuid import UUID

from flask import Response, current_app, request

from app.api.http import Blueprint, View
from app.operations.accounts import members
from app.pages.status.middleware import negotiate
from app.pages.status.responses import Rendered
from app.pages.status.snapshot import Snapshot
from app.pages.status.store import PageStore, store_of
from app.platform.errors import AppError
from app.platform.transaction import DATABASE_AWAY
from app.security import page_cookies
from app.security.access import authenticate

HTML, JSON = "text/html", "application/json"
EVERY_TYPE = (
    HTML, JSON, "application/atom+xml", "application/rss+xml", "application/xml", "text/calendar",
    "text/css", "text/javascript", "text/plain",
)  # fmt: skip


def documented(
    blueprint: Blueprint,
    description: str,
    *types: str,
    refusals: Sequence[int] = (404,),
    **more: Any,
) -> Callable[[View], View]:
    """Return a decorator that says what a view for visitors answers: pages, or what else they ask
    for; refusals are pages as well."""
    responses = {
        200: {"description": description, "content": _contents(types or (HTML,))},
        **{
            code: {"description": "Why not.", "content": _contents((HTML, JSON))}
            for code in refusals
        },
        **{code: {"description": "It is elsewhere."} for code in (301, 303) if 404 in refusals},
    }
    return cast(Callable[[View], View], blueprint.doc(responses=responses, **more))


def _contents(types: Sequence[str]) -> dict[str, Any]:
    return {
        kind: {"schema": {}, "example": {}} if kind == JSON else {"schema": {"type": "string"}}
        for kind in types
    }


def page_store() -> PageStore:
    """Return the pages of this process, looked at just now where nobody else does."""
    store = store_of(current_app)
    if not store.is_watched:
        store.look()
    return store


def visible(store: PageStore, slug: str) -> Snapshot | None:
    """Return the page with a slug that this visitor may see: an open one, one that was opened by
    its password, or one of an organization of theirs.

    A page that is not to be seen costs the same work as one that does not exist.
    """
    result = store.of_slug(slug)
    if result is not None and result.is_open:
        return result
    return result if _may_see(result) else None


def _may_see(page: Snapshot | None) -> bool:
    guard, owner, is_public = "", None, False
    if page is not None:
        guard, is_public = page.guard, bool(page.page["is_public"])
        owner = UUID(page.data["guard"]["organization_id"])
    visitor = page_cookies.read(guard)
    session = visitor.session if visitor else None
    if is_public and visitor is not None and session is None:
        return True
    try:
        if request.headers.get("Authorization"):
            token = request.headers["Authorization"].partition(" ")[2].strip()
            caller = authenticate(token, slug=None)
            return caller.organization_id == owner and caller.may("status_pages:read")
        if visitor is None or session is None or owner is None:
            return False
        return members.may_still_see(
            owner, session.user_id, session.epoch, session.token_id, visitor.opened_at
        )
    except AppError:
        return False
    except DATABASE_AWAY:
        return session is not None  # signed, and at most twelve hours old


def send(found: Rendered) -> Response:
    """Return what was rendered as an answer to this request."""
    headers, body = negotiate(found, request.environ)
    return Response(body or b"", 304 if body is None else found.status, headers)
