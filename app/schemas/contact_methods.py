"""The contact methods of a person: each judged by its channel type, its secrets sealed."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from app.channels import CHANNEL_TYPES
from app.platform.crypto import Vault
from app.platform.errors import Invalid
from app.security.sealing import seal

# What reaches one person; what reaches a team or a program is a notification channel.
_PERSONAL = (
    "email",
    "sms",
    "telegram",
    "pushover",
    "ntfy",
    "gotify",
    "slack",
    "discord",
    "mattermost",
    "teams",
    "webhook",
)
CONTACT_TYPES = tuple(kind for kind in _PERSONAL if kind in CHANNEL_TYPES.names())


def redefine_contacts(
    stored: list[Any], given: Mapping[str, Any], vault: Vault
) -> dict[str, list[Any]]:
    """Return the contact methods as they are stored, nothing where none are given.

    A masked secret keeps that of the method at the same place, if it is of the same type. Raises
    Invalid, naming the field.
    """
    if "contact_methods" not in given:
        return {}
    methods = []
    for at, method in enumerate(given["contact_methods"]):
        kept = stored[at]["config"] if at < len(stored) and _is_alike(stored[at], method) else {}
        config = _judged(at, method["type"], method["config"], kept, vault)
        methods.append({**method, "config": config})
    return {"contact_methods": methods}


def _is_alike(stored: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    return bool(stored["type"] == given["type"])


def _judged(at: int, kind: str, config: Mapping[str, Any], kept: Any, vault: Vault) -> Any:
    schema = CHANNEL_TYPES[kind].config_schema()
    try:
        return seal(schema, schema.load(config), kept, vault)
    except ValidationError as error:
        raise _refused(at, error.messages_dict) from None
    except ValueError as error:
        raise _refused(at, {"secrets": [str(error)]}) from None


def _refused(at: int, messages: Mapping[str, Any]) -> Invalid:
    name, found = next(iter(messages.items()))
    while isinstance(found, Mapping) and found:
        found = next(iter(found.values()))
    sentence = found[0] if isinstance(found, list) else found
    return Invalid(
        f"contact_methods.{at}.config.{name}: {sentence}",
        {"contact_methods": {str(at): {"config": dict(messages)}}},  # type: ignore[dict-item]
    )
