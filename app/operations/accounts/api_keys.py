"""Keys for programs: made, changed, rotated and revoked; never beyond their maker's role."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy import delete as delete_rows

from app.domain.accounts.permissions import Scope, included, scopes_within
from app.models.api_keys import ApiKey
from app.operations.resource import Most, Resource
from app.operations.rows import refused
from app.platform.bootstrap import runtime
from app.platform.crypto import digest, random_key
from app.platform.errors import Forbidden, InvalidCode, NotFound
from app.platform.transaction import Transaction, transaction
from app.security.principals import KEY_PREFIX, Principal

FOREVER = datetime.max.replace(tzinfo=UTC)
_SHOWN = len(KEY_PREFIX) + 8
_SEES_ALL = "api_keys:all"  # keys of others too
_FIELDS = (
    "id",
    "name",
    "prefix",
    "scopes",
    "last_used_at",
    "expires_at",
    "created_by",
    "created_at",
    "updated_at",
)


class _ApiKeys(Resource[ApiKey, Principal]):
    """Keys for programs; a principal who may not see all sees their own."""

    model = ApiKey
    most = Most(10_000, "API keys")

    def organization_of(self, who: Principal) -> UUID:
        return who.organization_id

    def conditions(self, who: Principal, filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
        return [] if who.may(_SEES_ALL) else [ApiKey.created_by == who.user_id]

    def check_visible(self, who: Principal, row: ApiKey) -> None:
        if not who.may(_SEES_ALL) and row.created_by != who.user_id:
            raise NotFound

    def insert(
        self, tx: Transaction, who: Principal, data: Mapping[str, Any], **internal: Any
    ) -> dict[str, Any]:
        """Store a key and return it with the key itself, which is shown this once."""
        key = _new_key()
        internal |= {"parent_id": who.key_id, "created_by": who.user_id}
        internal |= {"prefix": key[:_SHOWN], "key_hash": digest(key)}
        return super().insert(tx, who, data, **internal) | {"key": key}

    def new_columns(
        self, tx: Transaction, who: Principal, id: UUID, data: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        _check(tx, who, data)
        return {"expires_at": who.key_expires_at, **data}

    def changed_columns(
        self, tx: Transaction, who: Principal, row: ApiKey, changes: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        _check_reach(tx, who, row)
        _check(tx, who, changes)
        return changes

    def updated(
        self, tx: Transaction, row: ApiKey, before: Mapping[str, Any], changes: Mapping[str, Any]
    ) -> None:
        _bound_children(tx, row)
        _doubt_feeds(tx, row)

    def deleting(self, tx: Transaction, who: Principal, row: ApiKey) -> None:
        _doubt_feeds(tx, row)

    def to_json(
        self, tx: Transaction, who: Principal, rows: Sequence[ApiKey]
    ) -> list[dict[str, Any]]:
        return [{name: getattr(row, name) for name in _FIELDS} for row in rows]


_KEYS = _ApiKeys()
listed, read, create, update, delete = _KEYS.operations()


def rotate(principal: Principal, key_id: UUID) -> dict[str, Any]:
    """Replace a key by a new one at once, and return the answer with it.

    Raises NotFound, and Forbidden for somebody else's key: the new one would act with their role.
    """
    key = _new_key()
    with transaction() as tx:
        row = _KEYS.lock(tx, principal, key_id)
        _check_reach(tx, principal, row)
        if row.created_by != principal.user_id:
            raise Forbidden("only its maker can rotate a key; revoke it, and make one of your own")
        _check(tx, principal, {"scopes": row.scopes})
        _doubt_feeds(tx, row)
        row.prefix, row.key_hash, row.last_used_at = key[:_SHOWN], digest(key), None
        # Whoever had the old key may have made others with it.
        tx.session.execute(delete_rows(ApiKey).where(ApiKey.parent_id == row.id))
        tx.session.flush()
        result = _KEYS.to_json(tx, principal, [row])[0] | {"key": key}
    return result


def _doubt_feeds(tx: Transaction, row: ApiKey) -> None:
    """Have the live feeds that were opened with a key, or one made with it, show that they may."""
    tx.after_commit(runtime().feed.access_changed, row.created_by)


def _new_key() -> str:
    return f"{KEY_PREFIX}{random_key(256)}"


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


def _check(tx: Transaction, principal: Principal, data: Mapping[str, Any]) -> None:
    expires_at: datetime | None = data.get("expires_at")
    if expires_at is not None and expires_at <= tx.now():
        raise refused("expires_at", InvalidCode.WRONG_TIME, "This time has passed.")
    ends_at = principal.key_expires_at
    if "expires_at" in data and ends_at is not None and (expires_at or FOREVER) > ends_at:
        raise refused(
            "expires_at", InvalidCode.WRONG_TIME, f"Must not be after {ends_at:%Y-%m-%dT%H:%M:%SZ}."
        )
    wanted = frozenset(map(Scope, data.get("scopes", ())))
    _check_scopes(wanted, scopes_within(principal.role), f"the role {principal.role}")
    if principal.scopes is not None:
        _check_scopes(wanted, included(principal.scopes), "this key")


def _check_scopes(wanted: Collection[Scope], allowed: Collection[Scope], whose: str) -> None:
    beyond = sorted(set(wanted) - set(allowed))
    if beyond:
        raise Forbidden(f"{whose} does not reach as far as the scope {beyond[0]}")
