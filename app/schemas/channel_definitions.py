"""A channel as a whole: its config judged by its type, and the secrets in it sealed."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError

from app.channels import CHANNEL_TYPES
from app.channels.webhook import JSON, is_json
from app.domain.checks.destinations import destinations
from app.domain.checks.secret_references import check_references, references
from app.domain.messages.events import DEFAULT_EVENTS
from app.platform.crypto import Vault
from app.platform.errors import Invalid
from app.schemas.service_definitions import GIVE_ANEW
from app.security.sealing import retained, seal

Known = Mapping[str, Sequence[str]]


def define(given: Mapping[str, Any], vault: Vault, known: Known) -> dict[str, Any]:
    """Return the columns of a new channel. Raises Invalid, naming the fields of its config.

    `known` is the hosts that each secret of the organization may go to, by its name.
    """
    config = _judged(given["type"], given.get("config", {}), {}, vault, known)
    _check_body(given["type"], config, given.get("template"))
    return {"events": list(DEFAULT_EVENTS), **given, "config": config}


def redefine(
    stored: Mapping[str, Any], given: Mapping[str, Any], vault: Vault, known: Known
) -> dict[str, Any]:
    """Return the columns of a channel that an edit changes. Raises Invalid.

    A new type begins with an empty config, unless one is given.
    """
    changes = {name: value for name, value in given.items() if value != stored[name]}
    if "type" in changes:
        changes["config"] = _judged(given["type"], given.get("config", {}), {}, vault, known)
    elif "config" in given:
        before = stored["config"]
        changes["config"] = _judged(stored["type"], given["config"], before, vault, known)
    if changes.get("config") == stored["config"]:
        del changes["config"]
    if changes.keys() & {"type", "config", "template"}:
        after = {**stored, **changes}
        _check_body(after["type"], after["config"], after["template"])
    return changes


def _judged(
    kind: str, config: Mapping[str, Any], kept: Any, vault: Vault, known: Known
) -> dict[str, Any]:
    schema = CHANNEL_TYPES[kind].config_schema()
    try:
        loaded = schema.load(config)
    except ValidationError as error:
        raise _refused(error.messages) from None
    try:
        sealed = seal(schema, loaded, kept, vault)
        check_references(references(config), destinations("", sealed), known)
    except ValueError as error:
        raise _refused({"secrets": [str(error)]}) from None
    places = destinations("", sealed)
    if retained(kept, sealed) and not places <= destinations("", kept):
        raise _refused({"secrets": [GIVE_ANEW]})
    return sealed


def _check_body(kind: str, config: Mapping[str, Any], template: Any) -> None:
    """Refuse what a webhook would not use: a subject, or a type that is not the envelope's."""
    if kind != "webhook":
        return
    if (template or {}).get("subject"):
        sentence = "A webhook has no subject: its body is what a template's `body` makes."
        raise _refused({"subject": [sentence]}, "template")
    if not (template or {}).get("body") and not is_json(config.get("content_type", JSON)):
        raise _refused({"content_type": ["Needs a template whose `body` makes it."]})


def _refused(messages: Any, where: str = "config") -> Invalid:
    faults = {where: messages}
    path, found = [], faults
    while isinstance(found, Mapping) and found:
        name, found = next(iter(found.items()))
        path.append(str(name))
    sentence = found[0] if isinstance(found, list) else found
    return Invalid(f"{'.'.join(path)}: {sentence}", faults)
