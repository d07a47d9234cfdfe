"""Contact methods of a person: each validated by its channel type, its secrets sealed."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError

from app.channels import CHANNEL_TYPES
from app.platform.crypto import Vault
from app.platform.errors import Fault, Invalid, InvalidCode, coded
from app.security.sealing import seal


def sealed(stored: list[Any], wanted: Sequence[Mapping[str, Any]], vault: Vault) -> list[Any]:
    """Return contact methods as they are stored.

    A masked secret keeps that of the method at the same place, if it is of the same type. Raises
    Invalid, naming the field.
    """
    methods = []
    for at, method in enumerate(wanted):
        kept = stored[at]["config"] if at < len(stored) and _is_alike(stored[at], method) else {}
        methods.append(
            {**method, "config": _sealed(at, method["type"], method["config"], kept, vault)}
        )
    return methods


def _is_alike(stored: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    return bool(stored["type"] == data["type"])


def _sealed(at: int, kind: str, config: Mapping[str, Any], kept: Any, vault: Vault) -> Any:
    schema = CHANNEL_TYPES[kind].config_schema()
    try:
        return seal(schema, schema.load(config), kept, vault)
    except ValidationError as error:
        raise Invalid.of(_at(at, coded(error.messages_dict, InvalidCode.UNFIT_CONFIG))) from None
    except ValueError as error:
        raise Invalid.of(
            _at(at, {"secrets": [Fault(InvalidCode.UNKNOWN_REFERENCE, str(error))]})
        ) from None


def _at(place: int, faults: Mapping[str, Any]) -> dict[str, Any]:
    return {"contact_methods": {str(place): {"config": dict(faults)}}}
