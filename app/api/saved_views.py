"""/saved-views: lists with their filters, under a name."""

from typing import Any
from uuid import UUID

from flask import Response

from app.api import pagination
from app.api.http import PAGE_HEADERS, Blueprint
from app.operations.accounts import saved_views
from app.schemas.saved_views import (
    SavedViewChangeSchema,
    SavedViewFilterSchema,
    SavedViewInputSchema,
    SavedViewSchema,
)
from app.security.access import principal, requires

bp = Blueprint(
    "saved_views", __name__, url_prefix="/saved-views", description="Lists with their filters."
)


@bp.get("")
@requires("saved_views:read")
@bp.accepts(SavedViewFilterSchema, location="query")
@bp.returns(SavedViewSchema(many=True), headers=PAGE_HEADERS)
def index(query: dict[str, Any]) -> Response:
    """List saved views

    The caller's own and those that are shared, newest first.
    """
    limit, after = pagination.take_page(query)
    who = principal()
    return pagination.answer(
        *saved_views.listed(who.organization_id, who.user_id, query, limit=limit, after=after)
    )


@bp.post("")
@requires("saved_views:write")
@bp.accepts(SavedViewInputSchema)
@bp.returns(SavedViewSchema, 201)
def create(given: dict[str, Any]) -> dict[str, Any]:
    """Save a view

    Everybody may save their own; sharing it needs the role editor.
    """
    who = principal()
    return saved_views.create(who.organization_id, who.user_id, given, may_share=_may_share())


@bp.get("/<uuid:view_id>")
@requires("saved_views:read")
@bp.returns(SavedViewSchema)
def read(view_id: UUID) -> dict[str, Any]:
    """Read a saved view"""
    return saved_views.read(principal().organization_id, principal().user_id, view_id)


@bp.patch("/<uuid:view_id>")
@requires("saved_views:write")
@bp.accepts(SavedViewChangeSchema(partial=True))
@bp.returns(SavedViewSchema)
def change(given: dict[str, Any], view_id: UUID) -> dict[str, Any]:
    """Change a saved view

    Changes the given fields and leaves the others. A shared one needs the role editor.
    """
    who = principal()
    return saved_views.update(
        who.organization_id, who.user_id, view_id, given, may_share=_may_share()
    )


@bp.delete("/<uuid:view_id>")
@requires("saved_views:write")
@bp.returns(None, 204)
def delete(view_id: UUID) -> None:
    """Delete a saved view

    One's own, or a shared one with the role editor.
    """
    who = principal()
    saved_views.delete(who.organization_id, who.user_id, view_id, may_share=_may_share())


def _may_share() -> bool:
    return principal().may("saved_views:share")
