"""Saved views of an organization: a person's own, and those that are shared with everybody."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_

from app.models.console import SavedView
from app.operations.resource import Most, Resource
from app.operations.rows import Columns, columns
from app.platform.errors import Forbidden, NotFound
from app.platform.transaction import Transaction
from app.security.principals import Principal

_SHARES = "saved_views:share"
_NOT_SHARED = "sharing a view, and changing a shared one, needs the role editor or higher"


class _SavedViews(Resource[SavedView, Principal]):
    """Lists under a name: a principal's own, and those that are shared with all."""

    model = SavedView
    most = Most(5_000, "saved views")

    def organization_of(self, who: Principal) -> UUID:
        return who.organization_id

    def conditions(self, who: Principal, filters: Columns) -> list[ColumnElement[bool]]:
        seen = or_(SavedView.user_id == who.user_id, SavedView.is_shared)
        return [seen, *super().conditions(who, filters)]

    def check_visible(self, who: Principal, row: SavedView) -> None:
        if row.user_id != who.user_id and not row.is_shared:
            raise NotFound

    def new_columns(self, tx: Transaction, who: Principal, id: UUID, data: Columns) -> Columns:
        if data.get("is_shared") and not who.may(_SHARES):
            raise Forbidden(_NOT_SHARED)
        return {**data, "user_id": who.user_id}

    def changed_columns(
        self, tx: Transaction, who: Principal, row: SavedView, changes: Columns
    ) -> Columns:
        if not who.may(_SHARES) and (row.is_shared or changes.get("is_shared")):
            raise Forbidden(_NOT_SHARED)
        if "is_shared" in changes and row.user_id != who.user_id and not changes["is_shared"]:
            raise Forbidden("only its owner can stop sharing a view; delete it instead")
        return changes

    def deleting(self, tx: Transaction, who: Principal, row: SavedView) -> None:
        if row.user_id != who.user_id and not who.may(_SHARES):
            raise Forbidden(_NOT_SHARED)

    def to_json(
        self, tx: Transaction, who: Principal, rows: Sequence[SavedView]
    ) -> list[dict[str, Any]]:
        return [columns(row) | {"is_own": row.user_id == who.user_id} for row in rows]


listed, read, create, update, delete = _SavedViews().operations()
