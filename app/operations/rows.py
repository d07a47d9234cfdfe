"""Rows of one organization: locked for a change, listed in pages, and referred to by others."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, inspect, select

from app.models.base import OrganizationOwned
from app.models.organization import Organization
from app.operations import paging
from app.platform.errors import Conflict, Fault, Invalid, InvalidCode, NotFound
from app.platform.events import timestamp
from app.platform.transaction import Transaction

Owned = TypeVar("Owned", bound=OrganizationOwned)
Position = tuple[datetime, UUID]
Columns = Mapping[str, Any]  # what a row is given or changed to, by column
# By field: whose ids it holds, and what such a row is called.
References = Mapping[str, tuple[type[OrganizationOwned], str]]
SHOWN = 200
_CHANGED = "somebody has changed it since it was read; read it again"


def find(tx: Transaction, model: type[Owned], organization_id: UUID, id: UUID) -> Owned:
    """Return a row of an organization. Raises NotFound for any other id."""
    result: Owned | None = tx.session.scalar(
        _one(model),  # type: ignore[arg-type]  # mypy: a type variable's class has no hash
        {"id": id, "organization_id": organization_id},
    )
    if result is None:
        raise NotFound
    return result


def lock(
    tx: Transaction,
    model: type[Owned],
    organization_id: UUID,
    id: UUID,
    *,
    against_references: bool = False,
) -> Owned:
    """Return a row of an organization as it is now, locked for a change. Raises NotFound.

    Other rows may begin to refer to it meanwhile, unless the lock is `against_references` too.
    """
    statement = _locked(_one(model), against_references)  # type: ignore[arg-type]
    values = {"id": id, "organization_id": organization_id}
    result: Owned | None = tx.session.scalar(statement, values)
    if result is None:
        raise NotFound
    return result


def lock_organization(
    tx: Transaction, organization_id: UUID, *, against_references: bool = False
) -> Organization:
    """Return an organization as it is now, locked for a change of what belongs to it.

    Others that lock it wait. Rows may begin to refer to it meanwhile, unless the lock is
    `against_references` too. Raises NotFound.
    """
    statement = _locked(_organization(), against_references)
    result: Organization | None = tx.session.scalar(statement, {"id": organization_id})
    if result is None:
        raise NotFound
    return result


def count(tx: Transaction, model: type[Owned], organization_id: UUID, *, most: int) -> int:
    """Return how many rows an organization has; `most` where there are more."""
    values = {"organization_id": organization_id, "most": most}
    found: int | None = tx.session.scalar(_bounded_count(model), values)  # type: ignore[arg-type]
    return found or 0


# Of every request that changes something, and made once: to build a statement takes the program
# as long as to run it.


@cache
def _one(model: Any) -> Select[Any]:
    return select(model).where(
        model.id == bindparam("id"), model.organization_id == bindparam("organization_id")
    )


@cache
def _organization() -> Select[Any]:
    return select(Organization).where(Organization.id == bindparam("id"))


@cache
def _locked(query: Select[Any], against_references: bool) -> Select[Any]:
    locking = query.with_for_update(key_share=not against_references)
    return locking.execution_options(populate_existing=True)


@cache
def _bounded_count(model: Any) -> Select[Any]:
    own = model.organization_id == bindparam("organization_id")
    found = select(model.id).where(own).limit(bindparam("most", type_=Integer)).subquery()
    return select(func.count()).select_from(found)


def page(
    tx: Transaction,
    model: type[Owned],
    organization_id: UUID,
    *conditions: ColumnElement[bool],
    limit: int,
    after: Position | None,
) -> tuple[list[Owned], Position | None, int]:
    """Return a page of an organization's rows, newest first.

    With it the position to go on from, None at the end, and how many rows match in all.
    """
    query = select(model).where(model.organization_id == organization_id, *conditions)
    rows, position = paging.newest_first(
        tx, query, model.created_at, model.id, limit=limit, after=after
    )
    total = paging.total(tx, query, rows, is_whole=after is None and position is None)
    return [row for row, *_ in rows], position, total


def require(
    tx: Transaction,
    model: type[Owned],
    organization_id: UUID,
    ids: Iterable[UUID],
    *,
    field: str,
    what: str,
) -> None:
    """Raise Invalid when an id is not that of the organization's own; it is named by `field`."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return
    known = set(
        tx.session.scalars(
            select(model.id)
            .where(model.organization_id == organization_id, model.id.in_(wanted))
            .order_by(model.id)
            # They stay until whoever names them is there to be seen by a deletion.
            .with_for_update(read=True, key_share=True)
        )
    )
    for id in wanted:
        if id not in known:
            raise refused(field, InvalidCode.UNKNOWN_REFERENCE, f"There is no {what} {id}.")


def require_references(
    tx: Transaction,
    organization_id: UUID,
    columns: Mapping[str, Any],
    references: References,
) -> None:
    """Raise Invalid as `require` for fields that hold an id or several."""
    for field, (model, what) in references.items():
        ids = columns.get(field) or ()
        ids = (ids,) if isinstance(ids, UUID) else ids
        require(tx, model, organization_id, ids, field=field, what=what)


def take_unchanged(row: OrganizationOwned, changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the changes of a locked row without their condition. Raises Conflict as below."""
    require_unchanged(row, changes)
    return {name: value for name, value in changes.items() if name != "unchanged_since"}


def require_unchanged(row: OrganizationOwned, changes: Mapping[str, Any]) -> None:
    """Raise Conflict where `unchanged_since` of these changes is not when a row was last changed.

    Give it a row that is locked, before anything of it is set. The two are compared for equality:
    of two changes, the later one may carry the earlier time, that of its transaction's begin.
    """
    since = changes.get("unchanged_since")
    if since is not None and row.updated_at != since:
        when = f"It was changed at {timestamp(row.updated_at)}."
        raise Conflict(_CHANGED, {"unchanged_since": [when]})


def refused(field: str, code: InvalidCode, message: str) -> Invalid:
    """Return the refusal of one field's value."""
    return Invalid(f"{field}: {message}", {field: [Fault(code, message)]})


def columns(row: Any) -> dict[str, Any]:
    """Return the columns of a row by name."""
    return {column.key: getattr(row, column.key) for column in inspect(row).mapper.column_attrs}


def beginning(text: str | None) -> str | None:
    """Return a text as lists show it, which hold many: its first 200 characters."""
    return text if text is None or len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
