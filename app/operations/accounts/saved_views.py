"""Saved views of an organization: a person's own, and those that are shared with everybody."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import or_

from app.models.console import SavedView
from app.operations import rows as owned_rows
from app.operations.rows import Position, columns
from app.platform.errors import Forbidden, NotFound
from app.platform.transaction import Transaction, transaction

Columns = Mapping[str, Any]
_NOT_SHARED = "sharing a view, and changing a shared one, needs the role editor or higher"


def listed(
    organization_id: UUID,
    user_id: UUID,
    filters: Columns,
    *,
    limit: int,
    after: Position | None,
) -> tuple[list[dict[str, Any]], Position | None, int]:
    """Return a page of the views somebody sees, newest first, where to go on, their number."""
    conditions = [
        or_(SavedView.user_id == user_id, SavedView.is_shared),
        *(getattr(SavedView, name) == value for name, value in filters.items()),
    ]
    with transaction() as tx:
        rows, position, total = owned_rows.page(
            tx, SavedView, organization_id, *conditions, limit=limit, after=after
        )
        found = [_to_json(row, user_id) for row in rows]
    return found, position, total


def read(organization_id: UUID, user_id: UUID, view_id: UUID) -> dict[str, Any]:
    """Return a view. Raises NotFound for one of somebody else's that is not shared."""
    with transaction() as tx:
        row = owned_rows.find(tx, SavedView, organization_id, view_id)
        if row.user_id != user_id and not row.is_shared:
            raise NotFound
        found = _to_json(row, user_id)
    return found


def create(
    organization_id: UUID, user_id: UUID, given: Columns, *, may_share: bool
) -> dict[str, Any]:
    """Create a view of somebody's. Raises Forbidden for a shared one of who may not share."""
    if given.get("is_shared") and not may_share:
        raise Forbidden(_NOT_SHARED)
    with transaction() as tx:
        view = SavedView(organization_id=organization_id, user_id=user_id, **given)
        tx.session.add(view)
        tx.session.flush()
        found = _to_json(view, user_id)
    return found


def update(
    organization_id: UUID, user_id: UUID, view_id: UUID, changes: Columns, *, may_share: bool
) -> dict[str, Any]:
    """Change a view that is one's own or shared. Raises NotFound, Forbidden."""
    with transaction() as tx:
        view = _lock(tx, organization_id, user_id, view_id)
        if not may_share and (view.is_shared or changes.get("is_shared")):
            raise Forbidden(_NOT_SHARED)
        if "is_shared" in changes and view.user_id != user_id and not changes["is_shared"]:
            raise Forbidden("only its owner can stop sharing a view; delete it instead")
        for name, value in changes.items():
            setattr(view, name, value)
        tx.session.flush()
        found = _to_json(view, user_id)
    return found


def delete(organization_id: UUID, user_id: UUID, view_id: UUID, *, may_share: bool) -> None:
    """Delete a view that is one's own or shared. Raises NotFound, Forbidden."""
    with transaction() as tx:
        view = _lock(tx, organization_id, user_id, view_id)
        if view.user_id != user_id and not may_share:
            raise Forbidden(_NOT_SHARED)
        tx.session.delete(view)


def _lock(tx: Transaction, organization_id: UUID, user_id: UUID, view_id: UUID) -> SavedView:
    view = owned_rows.lock(tx, SavedView, organization_id, view_id)
    if view.user_id != user_id and not view.is_shared:
        raise NotFound
    return view


def _to_json(view: SavedView, user_id: UUID) -> dict[str, Any]:
    return columns(view) | {"is_own": view.user_id == user_id}
