"""Keys for programs: made, changed, rotated and revoked; never beyond their maker's role."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy import delete as delete_rows

from app.domain.accounts.permissions import Scope, included, scopes_within
from app.models.api_keys import ApiKey
from app.operations import rows as owned_rows
from app.operations.rows import Position, refused
from app.platform.crypto import digest, random_key
from app.platform.errors import Forbidden, NotFound
from app.platform.transaction import Transaction, transaction
from app.security.principals import KEY_PREFIX, Principal

FOREVER = datetime.max.replace(tzinfo=UTC)
_SHOWN = len(KEY_PREFIX) + 8
_SEES_ALL = "api_keys:all"  # keys of others too


def listed(
    principal: Principal, *, limit: int, after: Position | None
) -> tuple[list[dict[str, Any]], Position | None, int]:
    """Return a page of keys, newest first, where to go on (None at the end), their number."""
    conditions: list[ColumnElement[bool]] = []
    if not principal.may(_SEES_ALL):
        conditions.append(ApiKey.created_by == principal.user_id)
    with transaction() as tx:
        rows, position, total = owned_rows.page(
            tx, ApiKey, principal.organization_id, *conditions, limit=limit, after=after
        )
        found = [_answer(row) for row in rows]
    return found, position, total


def read(principal: Principal, key_id: UUID) -> dict[str, Any]:
    """Return a key's answer. Raises NotFound."""
    with transaction() as tx:
        found = _answer(
            _seen(principal, owned_rows.find(tx, ApiKey, principal.organization_id, key_id))
        )
    return found


def create(principal: Principal, given: Mapping[str, Any]) -> dict[str, Any]:
    """Create a key and return its answer with the key itself, which is shown this once.

    Raises Forbidden for scopes beyond the maker's, Invalid for an expiry that has passed.
    """
    key = _new_key()
    with transaction() as tx:
        _check(tx, principal, given)
        given = {"expires_at": principal.key_expires_at, **given}
        row = ApiKey(
            parent_id=principal.key_id,
            organization_id=principal.organization_id,
            created_by=principal.user_id,
            prefix=key[:_SHOWN],
            key_hash=digest(key),
            **given,
        )
        tx.session.add(row)
        tx.session.flush()
        found = _answer(row) | {"key": key}
    return found


def update(principal: Principal, key_id: UUID, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change a key and return its answer. Raises as `create`, and NotFound."""
    with transaction() as tx:
        row = _seen(principal, owned_rows.lock(tx, ApiKey, principal.organization_id, key_id))
        _check_reach(tx, principal, row)
        _check(tx, principal, changes)
        for name, value in changes.items():
            setattr(row, name, value)
        tx.session.flush()
        _bound_children(tx, row)
        found = _answer(row)
    return found


def rotate(principal: Principal, key_id: UUID) -> dict[str, Any]:
    """Replace a key by a new one at once, and return the answer with it.

    Raises NotFound, and Forbidden for somebody else's key: the new one would act with their role.
    """
    key = _new_key()
    with transaction() as tx:
        row = _seen(principal, owned_rows.lock(tx, ApiKey, principal.organization_id, key_id))
        _check_reach(tx, principal, row)
        if row.created_by != principal.user_id:
            raise Forbidden("only its maker can rotate a key; revoke it, and make one of your own")
        _check(tx, principal, {"scopes": row.scopes})
        row.prefix, row.key_hash, row.last_used_at = key[:_SHOWN], digest(key), None
        # Whoever had the old key may have made others with it.
        tx.session.execute(delete_rows(ApiKey).where(ApiKey.parent_id == row.id))
        tx.session.flush()
        found = _answer(row) | {"key": key}
    return found


def delete(principal: Principal, key_id: UUID) -> None:
    """Revoke a key at once. Raises NotFound."""
    with transaction() as tx:
        tx.session.delete(
            _seen(principal, owned_rows.lock(tx, ApiKey, principal.organization_id, key_id))
        )


def _new_key() -> str:
    return f"{KEY_PREFIX}{random_key(256)}"


def _seen(principal: Principal, row: ApiKey) -> ApiKey:
    if not principal.may(_SEES_ALL) and row.created_by != principal.user_id:
        raise NotFound
    return row


def _check_reach(tx: Transaction, principal: Principal, row: ApiKey) -> None:
    """Raise Forbidden where a key would change another one that it has not made."""
    if principal.key_id is None or row.id == principal.key_id:
        return
    parent_id = row.parent_id
    while parent_id is not None and parent_id != principal.key_id:
        parent_id = tx.session.scalar(select(ApiKey.parent_id).where(ApiKey.id == parent_id))
    if parent_id is None:
        raise Forbidden("a key changes only itself and the keys that were made with it")


def _bound_children(tx: Transaction, row: ApiKey) -> None:
    """Let no key live longer or reach further than the one it was made with."""
    reach = included(frozenset(map(Scope, row.scopes)))
    for child in tx.session.scalars(select(ApiKey).where(ApiKey.parent_id == row.id)).all():
        ends = [at for at in (child.expires_at, row.expires_at) if at is not None]
        child.expires_at = min(ends, default=None)
        child.scopes = [name for name in child.scopes if Scope(name) in reach]
        tx.session.flush()
        _bound_children(tx, child)


def _check(tx: Transaction, principal: Principal, given: Mapping[str, Any]) -> None:
    expires_at: datetime | None = given.get("expires_at")
    if expires_at is not None and expires_at <= tx.now():
        raise refused("expires_at", "This time has passed.")
    ends_at = principal.key_expires_at
    if "expires_at" in given and ends_at is not None and (expires_at or FOREVER) > ends_at:
        raise refused("expires_at", f"Must not be after {ends_at:%Y-%m-%dT%H:%M:%SZ}.")
    wanted = frozenset(map(Scope, given.get("scopes", ())))
    _check_scopes(wanted, scopes_within(principal.role), f"the role {principal.role}")
    if principal.scopes is not None:
        _check_scopes(wanted, included(principal.scopes), "this key")


def _check_scopes(wanted: Collection[Scope], allowed: Collection[Scope], whose: str) -> None:
    beyond = sorted(set(wanted) - set(allowed))
    if beyond:
        raise Forbidden(f"{whose} does not reach as far as the scope {beyond[0]}")


def _answer(row: ApiKey) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "prefix": row.prefix,
        "scopes": row.scopes,
        "last_used_at": row.last_used_at,
        "expires_at": row.expires_at,
        "created_by": row.created_by,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
