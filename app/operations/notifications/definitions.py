"""Columns of a channel from what a caller gives: its config validated by its type and sealed."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError

from app.channels import CHANNEL_TYPES
from app.domain.checks.destinations import destinations
from app.domain.checks.secret_references import check_references, references
from app.domain.messages.events import DEFAULT_EVENTS
from app.platform.crypto import Vault
from app.platform.errors import Fault, Invalid, InvalidCode, coded
from app.security.sealing import GIVE_ANEW, retained, seal

Known = Mapping[str, Sequence[str]]


def new_columns(data: Mapping[str, Any], vault: Vault, known: Known) -> dict[str, Any]:
    """Return the columns of a new channel. Raises Invalid, naming the fields of its config.

    `known` is the hosts that each secret of the organization may go to, by its name.
    """
    config = _sealed(data["type"], data.get("config", {}), {}, vault, known)
    _check_template(data["type"], config, data.get("template"))
    return {"events": list(DEFAULT_EVENTS), **data, "config": config}


def changed_columns(
    stored: Mapping[str, Any], data: Mapping[str, Any], vault: Vault, known: Known
) -> dict[str, Any]:
    """Return the columns of a channel that an edit changes. Raises Invalid.

    A new type begins with an empty config, unless one is given.
    """
    changes = {name: value for name, value in data.items() if value != stored[name]}
    if "type" in changes:
        changes["config"] = _sealed(data["type"], data.get("config", {}), {}, vault, known)
    elif "config" in data:
        before = stored["config"]
        changes["config"] = _sealed(stored["type"], data["config"], before, vault, known)
    if changes.get("config") == stored["config"]:
        del changes["config"]
    if changes.keys() & {"type", "config", "template"}:
        after = {**stored, **changes}
        _check_template(after["type"], after["config"], after["template"])
    return changes


def _sealed(
    kind: str, config: Mapping[str, Any], kept: Any, vault: Vault, known: Known
) -> dict[str, Any]:
    schema = CHANNEL_TYPES[kind].config_schema()
    try:
        loaded = schema.load(config)
    except ValidationError as error:
        raise Invalid.of({"config": coded(error.messages, InvalidCode.UNFIT_CONFIG)}) from None
    try:
        sealed = seal(schema, loaded, kept, vault)
        check_references(references(config), destinations("", sealed), known)
    except ValueError as error:
        raise Invalid.of(
            {"config": {"secrets": [Fault(InvalidCode.UNKNOWN_REFERENCE, str(error))]}}
        ) from None
    places = destinations("", sealed)
    if retained(kept, sealed) and not places <= destinations("", kept):
        raise Invalid.of({"config": {"secrets": [Fault(InvalidCode.NOT_ALLOWED, GIVE_ANEW)]}})
    return sealed


def _check_template(
    kind: str, config: Mapping[str, Any], template: Mapping[str, str] | None
) -> None:
    try:
        CHANNEL_TYPES[kind].validate_template(config, template or {})
    except ValidationError as error:
        raise Invalid.of(coded(error.messages_dict, InvalidCode.MALFORMED)) from None
