"""Service snapshots, kept by version: their targets with secrets in clear."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from app.domain.checks.secret_references import MisdirectedSecret, UnknownSecret
from app.domain.types import Target
from app.operations import secrets
from app.operations.snapshots.cache import CircularCache
from app.platform.bootstrap import runtime
from app.security.sealing import reveal

log = logging.getLogger(__name__)

# What a process keeps of services, estimated: about 60,000 of the usual size.
_CACHE_BYTES = 96 * 1024 * 1024
_PLAIN_BYTES = 1_500  # of a service with an empty config


@dataclass(frozen=True, slots=True)
class ServiceSnapshot:
    """One version of a service, as far as checking and judging need it."""

    service_id: UUID
    organization_id: UUID
    version: int
    name: str
    target: Target
    check_interval_seconds: int
    retry_interval_seconds: int | None
    failure_threshold: int
    recovery_threshold: int
    regions: tuple[str, ...]
    region_quorum: str
    tags: frozenset[str]
    depends_on: tuple[UUID, ...]
    fault: str | None  # why the service cannot be checked at all


def _bytes_of(snapshot: ServiceSnapshot) -> int:
    target = snapshot.target
    config = 3 * len(repr(target.config)) if target.config else 0  # objects take more than text
    return _PLAIN_BYTES + len(target.endpoint) + len(snapshot.name) + config


_cache: CircularCache[UUID, ServiceSnapshot] = CircularCache(_CACHE_BYTES, _bytes_of)

_READ = """
SELECT id, organization_id, version, name, check_type, endpoint, timeout_seconds,
    slow_threshold_ms, config, check_interval_seconds, retry_interval_seconds, failure_threshold,
    recovery_threshold, regions, region_quorum, tags, depends_on
FROM services WHERE id = ANY(%s)
"""


def service_snapshots(
    cursor: psycopg.Cursor[Any], versions: Mapping[UUID, int]
) -> dict[UUID, ServiceSnapshot]:
    """Return the snapshots of services at the given versions, reading only what is not known.

    A service that was edited meanwhile is left out: the edit made it due again by itself.
    """
    return {
        service_id: known
        for service_id, known in newest_snapshots(cursor, versions).items()
        if known.version == versions[service_id]
    }


def newest_snapshots(
    cursor: psycopg.Cursor[Any], versions: Mapping[UUID, int]
) -> dict[UUID, ServiceSnapshot]:
    """Return the snapshots of services at the given versions, or at newer ones.

    A service that is gone is left out.
    """
    found: dict[UUID, ServiceSnapshot] = {}
    missing = []
    for service_id, version in versions.items():
        known = _cache.get(service_id)
        if known is not None and known.version == version:
            found[service_id] = known
        else:
            missing.append(service_id)
    if missing:
        rows = cursor.execute(_READ, (missing,)).fetchall()
        known_secrets = secrets.values(cursor, {row[1] for row in rows})
        for row in rows:
            if row[2] >= versions[row[0]]:
                found[row[0]] = _definition(row, known_secrets.get(row[1], secrets.Secrets()))
                _cache.put(row[0], found[row[0]])
    return found


def _definition(row: tuple[Any, ...], known: secrets.Secrets) -> ServiceSnapshot:
    config: dict[str, Any] = {}
    endpoint, fault = row[5], None
    filled: tuple[str, ...] = ()
    try:
        endpoint, config, filled = known.fill(endpoint, reveal(row[8], runtime().vault))
    except (UnknownSecret, MisdirectedSecret) as error:
        fault = f"this service cannot be checked: {error}"
    except ValueError as error:
        fault = f"the stored secrets of this service cannot be opened: {error}"
        log.error("cannot open a service's secrets", extra={"service_id": str(row[0])})
    return ServiceSnapshot(
        service_id=row[0],
        organization_id=row[1],
        version=row[2],
        name=row[3],
        target=Target(
            check_type=row[4],
            endpoint=endpoint,
            timeout_seconds=row[6],
            slow_threshold_ms=row[7],
            config=config,
            organization_id=row[1],
            service_id=row[0],
            secrets=filled,
        ),
        check_interval_seconds=row[9],
        retry_interval_seconds=row[10],
        failure_threshold=row[11],
        recovery_threshold=row[12],
        regions=tuple(row[13]),
        region_quorum=row[14],
        tags=frozenset(row[15]),
        depends_on=tuple(row[16]),
        fault=fault,
    )
