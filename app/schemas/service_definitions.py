"""A service as a whole: what its fields mean together, which one field alone cannot say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from app.checks import CHECK_TYPES
from app.domain.checks.addresses import AddressPolicy
from app.domain.checks.destinations import destinations
from app.domain.checks.endpoints import is_address, parse_host_port, parse_url
from app.domain.checks.secret_references import check_references, references
from app.platform.crypto import Vault
from app.platform.errors import Invalid
from app.security.sealing import retained, seal

GIVE_ANEW = "Must be given anew: they would go to another scheme, host or port."

DEFAULTS: Mapping[str, Any] = {
    "description": "",
    "environment": "",
    "check_interval_seconds": 60,
    "timeout_seconds": 10,
    "tags": [],
    "is_active": True,
    "config": {},
    "failure_threshold": 1,
    "recovery_threshold": 1,
    "retry_interval_seconds": None,
    "regions": ["default"],
    "region_quorum": "majority",
    "depends_on": [],
    "escalation_policy_id": None,
}


@dataclass(frozen=True, slots=True)
class Judges:
    """What a definition is judged with: the shortest interval, the vault, the address guard, and
    the organization's secrets by name with the hosts each may go to."""

    min_interval: int
    vault: Vault
    policy: AddressPolicy
    secrets: Mapping[str, Sequence[str]]


def define(given: Mapping[str, Any], judges: Judges) -> dict[str, Any]:
    """Return every column of a new service. Raises Invalid, naming the fields."""
    slow = CHECK_TYPES[given["check_type"]].slow_after_ms
    whole = {**DEFAULTS, "slow_threshold_ms": slow, **given}
    return _judge(whole, set(whole), {}, judges, None)


def redefine(stored: Mapping[str, Any], given: Mapping[str, Any], judges: Judges) -> dict[str, Any]:
    """Return the columns of a service that an edit changes. Raises Invalid, naming the fields.

    A new check type begins with an empty config and its own slow threshold, unless they are given.
    """
    whole = {**stored, **given}
    changed = set(given)
    kept = stored["config"]
    if whole["check_type"] != stored["check_type"]:
        kept = {}
        changed |= {"endpoint", "config", "slow_threshold_ms"}
        whole["config"] = given.get("config", {})
        before = CHECK_TYPES[stored["check_type"]].slow_after_ms
        if whole["slow_threshold_ms"] == before and "slow_threshold_ms" not in given:
            whole["slow_threshold_ms"] = CHECK_TYPES[whole["check_type"]].slow_after_ms
    judged = _judge(whole, changed, kept, judges, stored)
    return {name: value for name, value in judged.items() if value != stored[name]}


def _judge(
    whole: dict[str, Any],
    changed: set[str],
    kept: Any,
    judges: Judges,
    stored: Mapping[str, Any] | None,
) -> dict[str, Any]:
    check_type = CHECK_TYPES[whole["check_type"]]
    faults: dict[str, Any] = {}
    judged = {name: whole[name] for name in changed}
    if "endpoint" in changed:
        try:
            judged["endpoint"] = check_type.validate_endpoint(whole["endpoint"])
            refusal = _refusal(judged["endpoint"], judges.policy)
            if refusal is not None and whole["check_type"] != "DNS":  # which dials no such host
                raise ValueError(f"This server does not check {refusal}.")
        except ValueError as error:
            faults["endpoint"] = [str(error)]
    if "config" in changed:
        try:
            judged["config"] = _sealed(
                check_type.config_schema(), whole["config"], kept, judges.vault
            )
        except ValidationError as error:
            faults["config"] = error.messages
    if {"endpoint", "config"} & changed and not faults:
        faults |= _secret_faults({**whole, **judged}, whole["config"], judges, stored)
    interval, timeout = whole["check_interval_seconds"], whole["timeout_seconds"]
    if "check_interval_seconds" in changed and interval < judges.min_interval:
        faults["check_interval_seconds"] = [
            f"Must be at least {judges.min_interval} on this server."
        ]
    if timeout > interval:
        field = "timeout_seconds" if "timeout_seconds" in changed else "check_interval_seconds"
        faults.setdefault(field, []).append("The timeout must not be above the interval.")
    if faults:
        raise Invalid(_sentence(faults), faults)
    return judged


def _secret_faults(
    judged: Mapping[str, Any],
    given: Any,
    judges: Judges,
    stored: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return what is wrong with the secrets: unknown ones, and those that would go elsewhere."""
    places = destinations(judged["endpoint"], judged["config"])
    if stored is not None and retained(stored["config"], judged["config"]):
        known = destinations(stored["endpoint"], stored["config"])
        if not places <= known:
            return {"config": {"secrets": [GIVE_ANEW]}}
    named = set(references(judged["endpoint"])) | set(references(given))
    try:
        check_references(named, places, judges.secrets)
    except ValueError as error:
        return {"config": {"secrets": [f"{str(error)[:1].upper()}{str(error)[1:]}."]}}
    return {}


def _refusal(endpoint: str, policy: AddressPolicy) -> str | None:
    """Return the guard's word on an address that stands in an endpoint.

    A name is judged when it is dialled: today's answer of the resolver says nothing of tomorrow's.
    """
    try:
        if "://" in endpoint:
            host = parse_url(endpoint, ("http", "https", "ws", "wss")).host
        else:
            host = parse_host_port(endpoint, 1).host
    except ValueError:
        return None
    return policy.refusal(host) if is_address(host) else None


def _sealed(schema: Any, config: Mapping[str, Any], kept: Any, vault: Vault) -> dict[str, Any]:
    """Return a config as it is stored: judged by its schema, secrets sealed."""
    loaded = schema.load(config)
    try:
        return seal(schema, loaded, kept, vault)
    except ValueError as error:
        raise ValidationError({"secrets": [str(error)]}) from None


def _sentence(faults: Mapping[str, Any]) -> str:
    field, messages = next(iter(faults.items()))
    while isinstance(messages, Mapping):
        inner, messages = next(iter(messages.items()))
        field = f"{field}.{inner}"
    return f"{field}: {messages[0] if isinstance(messages, list) else messages}"
