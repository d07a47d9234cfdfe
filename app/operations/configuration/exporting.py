"""Configuration of an organization as a document: everything but history, secrets and people."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.domain.configuration.documents import VERSION
from app.domain.configuration.references import translate
from app.operations.configuration.keys import Keys
from app.operations.configuration.kinds import ObjectKind
from app.platform.transaction import enclosing_transaction


def export(organization_id: UUID, kinds: Sequence[ObjectKind]) -> dict[str, Any]:
    """Return the document of an organization. The keys in it are kept from now on."""
    with enclosing_transaction() as tx:
        keys = Keys(tx, organization_id)
        objects = {kind.name: kind.listed(organization_id) for kind in kinds}
        for kind in kinds:
            keys.add(kind.name, [(o["id"], o["name"]) for o in objects[kind.name]])
        keys.store_all([kind.name for kind in kinds])
        document: dict[str, Any] = {"version": VERSION}
        for kind in kinds:
            document[kind.name] = [item_of(kind, found, keys) for found in objects[kind.name]]
    return document


def item_of(kind: ObjectKind, found: dict[str, Any], keys: Keys) -> dict[str, Any]:
    """Return an object as it stands in a document."""
    fields = {name: found[name] for name in kind.fields if name in found}
    return {"key": keys.key_of(kind.name, found["id"]), **translate(fields, keys.key_of)}
