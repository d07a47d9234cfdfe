"""JSON between agents and the server: snapshots of services, claims and observations.

Both ends use this module. What is read ignores fields that it does not know, so that the other end
may be of the next release; what cannot be read raises ValueError, KeyError or TypeError.
"""

import json
import math
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.checks.service_states import RegionState
from app.domain.types import Certificate, FailureKind, Observation, Phases, Status, Target
from app.operations.checks.claim import Claim
from app.operations.checks.failure_details import storable
from app.operations.snapshots.services import ServiceSnapshot
from app.platform.events import timestamp

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)
_MOST_TEXT = 2_000
_MOST_TRACE = 20_000
_MOST_EVIDENCE = 128 * 1024
_LONGEST_MS = 86_400_000.0


def tag_of(snapshot: ServiceSnapshot) -> str:
    """Return what names a snapshot: another version, or other texts to look for, is another one."""
    texts = sorted(snapshot.target.body_texts)
    if not texts:
        return str(snapshot.version)
    return f"{snapshot.version}.{zlib.crc32(json.dumps(texts).encode()):08x}"


def snapshot_to_json(snapshot: ServiceSnapshot, targets: str) -> dict[str, Any]:
    """Return a service as its agent needs it, secrets in clear; `targets` is what it may reach."""
    return {
        "service_id": str(snapshot.service_id),
        "organization_id": str(snapshot.organization_id),
        "version": snapshot.version,
        "tag": tag_of(snapshot),
        "target": target_to_json(snapshot.target),
        "targets": targets,
        "check_interval_seconds": snapshot.check_interval_seconds,
        "retry_interval_seconds": snapshot.retry_interval_seconds,
        "fault": snapshot.fault,
    }


def snapshot_of_json(data: Mapping[str, Any], region: str) -> ServiceSnapshot:
    """Return a service as an agent knows it; what only the server decides by is left at nothing."""
    service_id, organization_id = UUID(data["service_id"]), UUID(data["organization_id"])
    return ServiceSnapshot(
        service_id=service_id,
        organization_id=organization_id,
        version=int(data["version"]),
        name="",
        target=target_of_json(data["target"], organization_id, service_id),
        check_interval_seconds=int(data["check_interval_seconds"]),
        retry_interval_seconds=data["retry_interval_seconds"],
        failure_threshold=1,
        recovery_threshold=1,
        regions=(region,),
        region_quorum="any",
        tags=frozenset(),
        depends_on=(),
        fault=data["fault"],
    )


def target_to_json(target: Target) -> dict[str, Any]:
    """Return what a check is to ask, secrets in clear."""
    return {
        "check_type": target.check_type,
        "endpoint": target.endpoint,
        "timeout_seconds": target.timeout_seconds,
        "slow_threshold_ms": target.slow_threshold_ms,
        "config": target.config,
        "secrets": list(target.secrets),
        "body_texts": sorted(target.body_texts),
    }


def target_of_json(
    data: Mapping[str, Any], organization_id: UUID, service_id: UUID | None = None
) -> Target:
    """Return what a check is to ask."""
    return Target(
        check_type=str(data["check_type"]),
        endpoint=str(data["endpoint"]),
        timeout_seconds=float(data["timeout_seconds"]),
        slow_threshold_ms=int(data["slow_threshold_ms"]),
        config=dict(data["config"]),
        secrets=tuple(data["secrets"]),
        body_texts=frozenset(data["body_texts"]),
        organization_id=organization_id,
        service_id=service_id,
    )


def claim_to_json(claim: Claim, rests: bool | None) -> dict[str, Any]:
    """Return a claim; the snapshot of its service is asked for by its tag.

    `rests` says of a check in quarantine whether it rests; one that does not is to run alone.
    """
    return {
        **({} if rests is None else {"rests": rests}),
        "service_id": str(claim.snapshot.service_id),
        "tag": tag_of(claim.snapshot),
        "lease_token": claim.lease_token,
        "scheduled_for": timestamp(claim.scheduled_for),
        "status": claim.state.status,
        "service_status": claim.service_status,
    }


def claim_of_json(data: Mapping[str, Any], snapshot: ServiceSnapshot, region: str) -> Claim:
    """Return a claim of a service whose snapshot is known."""
    return Claim(
        snapshot=snapshot,
        region=region,
        lease_token=int(data["lease_token"]),
        scheduled_for=moment(data["scheduled_for"]),
        state=RegionState(Status(data["status"])),
        service_status=Status(data["service_status"]),
    )


def rests_of_json(data: Mapping[str, Any]) -> bool | None:
    """Return whether a claimed check rests, or is to run alone; None for one that may run here."""
    found = data.get("rests")
    return None if found is None else bool(found)


def trace_of_json(data: Any) -> str:
    """Return what a process wrote as it ended."""
    return _storable(data, _MOST_TRACE)


def observation_to_json(observation: Observation) -> dict[str, Any]:
    """Return an observation without the fields that are None."""
    certificate = observation.certificate
    found = {
        "status": observation.status,
        "response_time_ms": observation.response_time_ms,
        "error": observation.error,
        "status_code": observation.status_code,
        "failure_kind": observation.failure_kind,
        "phases": list(observation.phases) if any(observation.phases) else None,
        "evidence": json.loads(storable(observation.evidence)) if observation.evidence else None,
        "certificate": certificate and _certificate_to_json(certificate),
        "body_texts": observation.body_texts and dict(observation.body_texts),
    }
    return {name: value for name, value in found.items() if value is not None}


def observation_of_json(data: Mapping[str, Any]) -> Observation:
    """Return an observation; texts are cut, figures must be such that they can be stored."""
    kind, evidence = data.get("failure_kind"), data.get("evidence")
    if evidence is not None and len(json.dumps(evidence)) > _MOST_EVIDENCE:
        evidence = None
    code = data.get("status_code")
    certificate = data.get("certificate")
    texts = data.get("body_texts")
    return Observation(
        status=Status(data["status"]),
        response_time_ms=_milliseconds(data.get("response_time_ms")),
        error=None if data.get("error") is None else _text(data["error"]),
        status_code=None if code is None else _within(int(code), 0, 65_535),
        phases=Phases(*map(_milliseconds, data["phases"])) if data.get("phases") else Phases(),
        evidence=None if evidence is None else dict(evidence),
        certificate=None if certificate is None else _certificate_of_json(certificate),
        body_texts=None if texts is None else {str(k): bool(v) for k, v in texts.items()},
        failure_kind=None if kind is None else FailureKind(kind),
    )


def _certificate_to_json(certificate: Certificate) -> dict[str, Any]:
    return {
        "domain": certificate.domain,
        "port": certificate.port,
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "sans": list(certificate.sans),
        "valid_from": timestamp(certificate.valid_from),
        "valid_to": timestamp(certificate.valid_to),
        "fingerprint_sha256": certificate.fingerprint_sha256,
        "key_type": certificate.key_type,
        "chain_valid": certificate.chain_valid,
        "error": certificate.error,
    }


def _certificate_of_json(data: Mapping[str, Any]) -> Certificate:
    return Certificate(
        domain=_text(data["domain"]),
        port=_within(int(data["port"]), 0, 65_535),
        subject=_text(data["subject"]),
        issuer=_text(data["issuer"]),
        sans=tuple(_text(name) for name in _some(data["sans"])),
        valid_from=moment(data["valid_from"]),
        valid_to=moment(data["valid_to"]),
        fingerprint_sha256=_text(data["fingerprint_sha256"]),
        key_type=_text(data["key_type"]),
        chain_valid=bool(data["chain_valid"]),
        error=None if data["error"] is None else _text(data["error"]),
    )


def moment(text: str) -> datetime:
    """Return a time that carries its offset."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without an offset")
    return at


def _text(value: Any) -> str:
    return _storable(value, _MOST_TEXT)


def _storable(value: Any, most: int) -> str:
    return str(value)[:most].replace("\0", "\ufffd")  # which PostgreSQL takes


def _some(values: Iterable[Any]) -> list[Any]:
    return list(values)[:1_000]


def _within(value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise ValueError(f"{value} is out of range")
    return value


def _milliseconds(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    if not math.isfinite(number) or not 0 <= number <= _LONGEST_MS:
        raise ValueError(f"{value} is no duration")
    return number
