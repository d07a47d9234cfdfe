"""Columns of a service from what a caller gives: validated as a whole, defaults applied, sealed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from marshmallow import ValidationError

from app.checks import CHECK_TYPES
from app.domain.checks.addresses import AddressPolicy
from app.domain.checks.destinations import destinations
from app.domain.checks.endpoints import is_address, parse_host_port, parse_url
from app.domain.checks.secret_references import check_references, references
from app.domain.locations.regions import is_location
from app.operations import secrets
from app.operations.accounts.reach import AddressReach
from app.platform.bootstrap import runtime
from app.platform.crypto import Vault
from app.platform.errors import Fault, Invalid, InvalidCode, coded
from app.platform.transaction import transaction
from app.security.sealing import GIVE_ANEW, retained, seal

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
class Constraints:
    """Limits that services of an organization keep on this server: the shortest interval in
    seconds, the address guard, the hosts that each of its secrets may go to; and the vault."""

    min_interval: int
    vault: Vault
    policy: AddressPolicy
    secrets: Mapping[str, Sequence[str]]


def constraints(organization_id: UUID) -> Constraints:
    """Return what the services of an organization keep to. Reads in transactions of its own."""
    config = runtime().config
    reach = AddressReach(config)
    reach.refresh()
    targets = reach.targets(organization_id)
    with transaction() as tx:
        hosts = secrets.hosts_by_name(tx, organization_id)
    return Constraints(
        min_interval=config.min_check_interval_seconds,
        vault=runtime().vault,
        policy=AddressPolicy(targets, config.probe_allow, config.probe_deny),
        secrets=hosts,
    )


def new_columns(data: Mapping[str, Any], limits: Constraints) -> dict[str, Any]:
    """Return every column of a new service. Raises Invalid, naming the fields."""
    slow = CHECK_TYPES[data["check_type"]].slow_after_ms
    merged = {**DEFAULTS, "slow_threshold_ms": slow, **data}
    return _validated(merged, set(merged), {}, limits, None)


def changed_columns(
    stored: Mapping[str, Any], changes: Mapping[str, Any], limits: Constraints
) -> dict[str, Any]:
    """Return the columns of a service that an edit changes. Raises Invalid, naming the fields.

    A new check type begins with an empty config and its own slow threshold, unless they are given.
    """
    merged = {**stored, **changes}
    changed = set(changes)
    kept = stored["config"]
    if merged["check_type"] != stored["check_type"]:
        kept = {}
        changed |= {"endpoint", "config", "slow_threshold_ms"}
        merged["config"] = changes.get("config", {})
        before = CHECK_TYPES[stored["check_type"]].slow_after_ms
        if merged["slow_threshold_ms"] == before and "slow_threshold_ms" not in changes:
            merged["slow_threshold_ms"] = CHECK_TYPES[merged["check_type"]].slow_after_ms
    columns = _validated(merged, changed, kept, limits, stored)
    return {name: value for name, value in columns.items() if value != stored[name]}


def _validated(
    merged: dict[str, Any],
    changed: set[str],
    kept: Any,
    limits: Constraints,
    stored: Mapping[str, Any] | None,
) -> dict[str, Any]:
    check_type = CHECK_TYPES[merged["check_type"]]
    faults: dict[str, Any] = {}
    columns = {name: merged[name] for name in changed}
    if "endpoint" in changed:
        try:
            columns["endpoint"] = check_type.validate_endpoint(merged["endpoint"])
            refusal = _refusal(columns["endpoint"], limits.policy)
            # What a location may reach is known there; this server dials nothing for it.
            dials_here = not all(map(is_location, merged["regions"]))
            if refusal is not None and check_type.dials_endpoint and dials_here:
                raise ValueError(f"This server does not check {refusal}.")
        except ValueError as error:
            faults["endpoint"] = [Fault(InvalidCode.MALFORMED, str(error))]
    if "config" in changed:
        try:
            columns["config"] = _sealed(
                check_type.config_schema(), merged["config"], kept, limits.vault
            )
        except ValidationError as error:
            # Changed alone, its type stands in the database and not in the request.
            faults["config"] = (
                error.messages
                if stored is None
                else coded(error.messages, InvalidCode.UNFIT_CONFIG)
            )
    if {"endpoint", "config"} & changed and not faults:
        faults |= _secret_faults({**merged, **columns}, merged["config"], limits, stored)
    interval, timeout = merged["check_interval_seconds"], merged["timeout_seconds"]
    if "check_interval_seconds" in changed and interval < limits.min_interval:
        faults["check_interval_seconds"] = [
            f"Must be at least {limits.min_interval} on this server."
        ]
    if timeout > interval:
        field = "timeout_seconds" if "timeout_seconds" in changed else "check_interval_seconds"
        faults.setdefault(field, []).append(
            Fault(InvalidCode.CONFLICTING_FIELDS, "The timeout must not be above the interval.")
        )
    if faults:
        raise Invalid.of(faults)
    return columns


def _secret_faults(
    columns: Mapping[str, Any],
    data: Any,
    limits: Constraints,
    stored: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return what is wrong with the secrets: unknown ones, and those that would go elsewhere."""
    places = destinations(columns["endpoint"], columns["config"])
    if stored is not None and retained(stored["config"], columns["config"]):
        known = destinations(stored["endpoint"], stored["config"])
        if not places <= known:
            return {"config": {"secrets": [Fault(InvalidCode.NOT_ALLOWED, GIVE_ANEW)]}}
    named = set(references(columns["endpoint"])) | set(references(data))
    try:
        check_references(named, places, limits.secrets)
    except ValueError as error:
        sentence = f"{str(error)[:1].upper()}{str(error)[1:]}."
        return {"config": {"secrets": [Fault(InvalidCode.UNKNOWN_REFERENCE, sentence)]}}
    return {}


def _refusal(endpoint: str, policy: AddressPolicy) -> str | None:
    """Return the guard's word on an address that stands in an endpoint.

    A name is validated when it is dialled: today's answer of a resolver says nothing of tomorrow's.
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
    """Return a config as it is stored: validated by its schema, secrets sealed."""
    loaded = schema.load(config)
    try:
        return seal(schema, loaded, kept, vault)
    except ValueError as error:
        raise ValidationError(
            {"secrets": [Fault(InvalidCode.UNKNOWN_REFERENCE, str(error))]}
        ) from None
