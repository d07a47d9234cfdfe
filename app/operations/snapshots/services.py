"""Service snapshots, kept by version: their targets with secrets in clear."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row

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
    """One version of a service, as far as checks and rules need it."""

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
    result: dict[UUID, ServiceSnapshot] = {}
    missing = []
    for service_id, version in versions.items():
        known = _cache.get(service_id)
        if known is not None and known.version == version:
            result[service_id] = known
        else:
            missing.append(service_id)
    if missing:
        named = cursor.connection.cursor(row_factory=namedtuple_row)
        rows: list[Any] = named.execute(_READ, (missing,)).fetchall()
        known_secrets = secrets.values(cursor, {row.organization_id for row in rows})
        for row in rows:
            if row.version >= versions[row.id]:
                result[row.id] = _definition(
                    row, known_secrets.get(row.organization_id, secrets.Secrets())
                )
                _cache.put(row.id, result[row.id])
    return result


def _definition(row: Any, known: secrets.Secrets) -> ServiceSnapshot:
    config: dict[str, Any] = {}
    endpoint, fault = row.endpoint, None
    filled: tuple[str, ...] = ()
    try:
        endpoint, config, filled = known.fill(endpoint, reveal(row.config, runtime().vault))
    except (UnknownSecret, MisdirectedSecret) as error:
        fault = f"this service cannot be checked: {error}"
    except ValueError as error:
        fault = f"the stored secrets of this service cannot be opened: {error}"
        log.error("cannot open a service's secrets", extra={"service_id": str(row.id)})
    return ServiceSnapshot(
        service_id=row.id,
        organization_id=row.organization_id,
        version=row.version,
        name=row.name,
        target=Target(
            check_type=row.check_type,
            endpoint=endpoint,
            timeout_seconds=row.timeout_seconds,
            slow_threshold_ms=row.slow_threshold_ms,
            config=config,
            organization_id=row.organization_id,
            service_id=row.id,
            secrets=filled,
        ),
        check_interval_seconds=row.check_interval_seconds,
        retry_interval_seconds=row.retry_interval_seconds,
        failure_threshold=row.failure_threshold,
        recovery_threshold=row.recovery_threshold,
        regions=tuple(row.regions),
        region_quorum=row.region_quorum,
        tags=frozenset(row.tags),
        depends_on=tuple(row.depends_on),
        fault=fault,
    )
