"""Secrets inside a config: sealed at rest, masked in answers, revealed only to workers.

A plug-in marks its secret fields in its marshmallow schema with `metadata={"secret": True}`; a
mapping of headers is marked `"headers"`, and then the values under sensitive names are secret.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from app.domain.masking import MASK, SENSITIVE_NAME
from app.platform.crypto import Vault

# Why a kept secret is refused where its config now leads elsewhere; see `retained`.
GIVE_ANEW = "Must be given anew: they would go to another scheme, host or port."


def is_sealed(value: object) -> bool:
    """Say whether a stored JSON value stands for a secret."""
    return isinstance(value, Mapping) and "$sealed" in value


def seal(schema: Schema, config: Mapping[str, Any], old: Any, vault: Vault) -> dict[str, Any]:
    """Return the config as it is stored.

    A secret sent back as the mask keeps the stored one; raises ValueError when there is none.
    """
    kept = old if isinstance(old, Mapping) else {}
    return {
        name: _seal_field(schema.fields.get(name), value, kept.get(name), vault)
        for name, value in config.items()
    }


def _seal_field(field: fields.Field[Any] | None, value: Any, old: Any, vault: Vault) -> Any:
    if field is None or value is None:
        return value
    mark = field.metadata.get("secret")
    if mark == "headers" and isinstance(value, Mapping):
        kept = old if isinstance(old, Mapping) else {}
        return {
            name: _seal_value(item, kept.get(name), vault) if SENSITIVE_NAME.search(name) else item
            for name, item in value.items()
        }
    if mark and isinstance(value, str):
        return _seal_value(value, old, vault)
    if isinstance(field, fields.Nested) and isinstance(value, Mapping):
        return seal(field.schema, value, old, vault)
    if isinstance(field, fields.List) and isinstance(value, list):
        kept_items = old if isinstance(old, list) else []
        return [
            _seal_field(
                field.inner, item, kept_items[index] if index < len(kept_items) else None, vault
            )
            for index, item in enumerate(value)
        ]
    return value


def _seal_value(value: str, old: Any, vault: Vault) -> Any:
    if value == MASK:
        if not is_sealed(old):
            raise ValueError(f'"{MASK}" keeps a stored secret, and none is stored')
        return old
    return vault.seal(value)


def retained(before: Any, after: Any) -> bool:
    """Say whether a stored config still holds a secret that an earlier one held."""
    return bool(_sealed_in(before) & _sealed_in(after))


def _sealed_in(value: Any) -> set[str]:
    if is_sealed(value):
        return {str(value["$sealed"])}
    items = value.values() if isinstance(value, Mapping) else value
    if not isinstance(value, Mapping | list):
        return set()
    return {found for item in items for found in _sealed_in(item)}


def mask(stored: Any) -> Any:
    """Return a stored config as it is shown: every secret as eight asterisks."""
    return _replace(stored, lambda _: MASK)


def reveal(stored: Any, vault: Vault) -> Any:
    """Return a stored config with its secrets in clear. Raises ValueError under another key."""
    return _replace(stored, vault.unseal)


def _replace(value: Any, secret: Any) -> Any:
    if is_sealed(value):
        return secret(value)
    if isinstance(value, Mapping):
        return {name: _replace(item, secret) for name, item in value.items()}
    if isinstance(value, list):
        return [_replace(item, secret) for item in value]
    return value
