"""A document compared with what is there, and made so: all of it in one transaction, or nothing.

A plan is the same work, rolled back: what it says is what applying would do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.domain.configuration import documents
from app.domain.configuration.documents import DocumentError, Items
from app.domain.configuration.references import translate
from app.operations.configuration.exporting import item_of
from app.operations.configuration.keys import Keys
from app.operations.configuration.kinds import ObjectKind
from app.operations.rows import lock_organization
from app.operations.snapshots import alerting as alerting_snapshots
from app.platform.errors import AppError, Fault, Invalid, InvalidCode
from app.platform.transaction import (
    DATABASE_AWAY,
    StatementRefusal,
    Transaction,
    enclosing_transaction,
    refusal,
)

_TRIES = 3


class _RollBack(Exception):
    """Signal that ends a transaction without a commit."""


@dataclass
class ApplyResult:
    """Changes that a document makes, and the errors that stand in its way."""

    changes: list[dict[str, Any]] = field(default_factory=list)
    unchanged: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return it as it is answered."""
        actions = [change["action"] for change in self.changes]
        return {
            "summary": {
                "create": actions.count("create"),
                "update": actions.count("update"),
                "delete": actions.count("delete"),
                "unchanged": self.unchanged,
                "errors": len(self.errors),
            },
            "changes": self.changes,
            "errors": self.errors,
        }


def run(
    organization_id: UUID,
    document: Any,
    kinds: Sequence[ObjectKind],
    *,
    prune: bool,
    dry_run: bool,
) -> dict[str, Any]:
    """Make an organization as a document says; with `dry_run` only say what that would change.

    With `prune`, what was part of a file before and is in this one no more is deleted. Objects
    that no file ever held are left alone. Raises Invalid for a document with errors.

    It changes objects in the order in which they refer to one another, which is not that in which
    workers lock; where the database ends it for that, it is done again.
    """
    for _ in range(_TRIES - 1):
        try:
            return _run(organization_id, document, kinds, prune=prune, dry_run=dry_run)
        except DATABASE_AWAY as error:
            if refusal(error) is not StatementRefusal.CONFLICT:
                raise
            alerting_snapshots.forget(organization_id)
    return _run(organization_id, document, kinds, prune=prune, dry_run=dry_run)


def _run(
    organization_id: UUID,
    document: Any,
    kinds: Sequence[ObjectKind],
    *,
    prune: bool,
    dry_run: bool,
) -> dict[str, Any]:
    try:
        items = documents.read(document)
    except DocumentError as error:
        raise Invalid(
            f"{error.place}: {error.message}",
            {error.place: [Fault(InvalidCode.MALFORMED, error.message)]},
        ) from None
    outcome = ApplyResult()
    try:
        with enclosing_transaction() as tx:
            alerting_snapshots.invalidate(lock_organization(tx, organization_id))  # one at a time
            _Run(tx, organization_id, kinds, items, outcome).apply(prune=prune)
            if dry_run or outcome.errors:
                alerting_snapshots.forget(organization_id)
                raise _RollBack
    except _RollBack:
        pass
    if outcome.errors and not dry_run:
        first = outcome.errors[0]
        raise Invalid(
            f"{first['kind']}.{first['key']}: {first['error']}",
            {
                f"{e['kind']}.{e['key']}": [Fault(InvalidCode.MALFORMED, e["error"])]
                for e in outcome.errors
            },
        )
    return outcome.to_json()


class _Run:
    """One document on its way into an organization."""

    def __init__(
        self,
        tx: Transaction,
        organization_id: UUID,
        kinds: Sequence[ObjectKind],
        items: Items,
        outcome: ApplyResult,
    ) -> None:
        self._tx, self._organization_id = tx, organization_id
        self._kinds, self._items, self._outcome = kinds, items, outcome
        self._keys = Keys(tx, organization_id)
        self._present: dict[str, dict[str, dict[str, Any]]] = {}
        for kind in kinds:
            objects = kind.listed(organization_id)
            self._present[kind.name] = {found["id"]: found for found in objects}
            self._keys.add(kind.name, [(found["id"], found["name"]) for found in objects])

    def apply(self, *, prune: bool) -> None:
        """Make and change objects in the order of their kinds; then delete, in the other order."""
        for kind in self._kinds:
            try:
                ordered = documents.in_order(kind.name, self._items[kind.name])
            except DocumentError as error:
                key = error.place.partition(".")[2]
                self._failed(kind, key, Invalid(error.message))
                continue
            for key in ordered:
                self._guarded(kind, key, self._put)
        if prune:
            for kind in reversed(self._kinds):
                for key in self._keys.of_kind(kind.name).keys() - self._items[kind.name].keys():
                    self._guarded(kind, key, self._drop)

    def _guarded(self, kind: ObjectKind, key: str, act: Any) -> None:
        try:
            # A refusal in the middle of an operation leaves nothing of it.
            with self._tx.session.begin_nested():
                act(kind, key)
        except AppError as error:
            self._failed(kind, key, error)

    def _put(self, kind: ObjectKind, key: str) -> None:
        item = self._items[kind.name][key]
        unknown = [name for name in item if name not in kind.fields]
        if unknown:
            raise Invalid(f"{unknown[0]}: Unknown field.")
        wanted = translate(item, self._resolved)
        id = self._keys.id_of(kind.name, key)
        if id is None:
            self._create(kind, key, wanted)
        else:
            self._update(kind, key, UUID(id), wanted)

    def _create(self, kind: ObjectKind, key: str, wanted: dict[str, Any]) -> None:
        made = kind.create(self._organization_id, kind.load(wanted, False))
        self._keys.store(kind.name, UUID(made["id"]), key)
        self._outcome.changes.append(_change("create", kind, key, made["name"]))

    def _update(self, kind: ObjectKind, key: str, id: UUID, wanted: dict[str, Any]) -> None:
        present = self._present[kind.name][str(id)]
        before = item_of(kind, present, self._keys)
        loaded = kind.load(wanted, True)
        known = kind.load({name: present[name] for name in wanted if name in present}, True)
        missing = object()
        changes = {n: v for n, v in loaded.items() if v != known.get(n, missing)}
        self._keys.store(kind.name, id, key)
        if not changes:
            self._outcome.unchanged += 1
            return
        after = item_of(kind, kind.update(self._organization_id, id, changes), self._keys)
        fields = {
            name: {"before": before.get(name), "after": after.get(name)}
            for name in changes
            if before.get(name) != after.get(name) or _holds_secrets(wanted.get(name))
        }
        if not fields:
            self._outcome.unchanged += 1
            return
        self._outcome.changes.append(_change("update", kind, key, after["name"], fields))

    def _drop(self, kind: ObjectKind, key: str) -> None:
        id = self._keys.id_of(kind.name, key)
        if id is None or not self._keys.is_stored(kind.name, id):
            return
        name = self._present[kind.name][id]["name"]
        kind.delete(self._organization_id, UUID(id))
        self._outcome.changes.append(_change("delete", kind, key, name))

    def _resolved(self, kind: str, key: str) -> str:
        result = self._keys.id_of(kind, key)
        if result is None:
            raise Invalid(f"There is no {key} among the {kind.replace('_', ' ')}.")
        return result

    def _failed(self, kind: ObjectKind, key: str, error: AppError) -> None:
        self._outcome.errors.append(
            {"kind": kind.name, "key": key, "error": error.message, "fields": error.fields}
        )


def _holds_secrets(value: Any) -> bool:
    """Say whether a change may be one of secrets alone, which show alike before and after."""
    return isinstance(value, dict) and bool(value)


def _change(
    action: str, kind: ObjectKind, key: str, name: str, fields: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {"action": action, "kind": kind.name, "key": key, "name": name, "fields": fields}
