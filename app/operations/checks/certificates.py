"""Certificates that services show, and their changes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.domain.types import Certificate
from app.models.services import Service
from app.operations.notifications import enqueue, payloads
from app.operations.recorded_check import RecordedCheck
from app.operations.snapshots.alerting import AlertingSnapshot
from app.operations.snapshots.services import ServiceSnapshot
from app.platform.errors import NotFound
from app.platform.events import Event
from app.platform.transaction import Transaction, transaction

# Between changes the row is only a clock: it is moved forward this often.
_REFRESH = timedelta(minutes=10)
_REMEMBERED = 50_000

CHANGED = "ssl.changed"

_written: dict[UUID, tuple[str, str | None, datetime]] = {}

_UPSERT = """
INSERT INTO ssl_certificates AS known (service_id, domain, port, subject, issuer, sans, valid_from,
    valid_to, fingerprint_sha256, key_type, chain_valid, error, last_checked_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (service_id) DO UPDATE SET
    domain = excluded.domain, port = excluded.port, subject = excluded.subject,
    issuer = excluded.issuer, sans = excluded.sans, valid_from = excluded.valid_from,
    valid_to = excluded.valid_to, key_type = excluded.key_type,
    chain_valid = excluded.chain_valid, error = excluded.error,
    last_checked_at = excluded.last_checked_at,
    previous_fingerprint = CASE
        WHEN (known.domain, known.port) <> (excluded.domain, excluded.port) THEN NULL
        WHEN known.fingerprint_sha256 <> excluded.fingerprint_sha256 THEN known.fingerprint_sha256
        ELSE known.previous_fingerprint END,
    changed_at = CASE
        WHEN (known.domain, known.port) <> (excluded.domain, excluded.port) THEN NULL
        WHEN known.fingerprint_sha256 <> excluded.fingerprint_sha256 THEN excluded.last_checked_at
        ELSE known.changed_at END,
    fingerprint_sha256 = excluded.fingerprint_sha256
RETURNING changed_at = last_checked_at, previous_fingerprint
"""


def keep(
    tx: Transaction,
    checks: Sequence[RecordedCheck],
    alerting: Mapping[UUID, AlertingSnapshot],
    now: datetime,
) -> list[Event]:
    """Store the certificates that results bring, within the caller's transaction.

    Returns an `ssl.changed` event for each service that shows another one than last time in the
    same place, and enqueues a message to the channels that want it.
    """
    cursor = tx.driver.cursor()
    events = []
    for check in checks:
        certificate = check.observation.certificate
        if certificate is None or not _is_news(check, certificate):
            continue
        snapshot = check.snapshot
        row = cursor.execute(_UPSERT, _values(snapshot.service_id, certificate, check))
        changed = row.fetchone()
        if changed and changed[0]:
            events.append(
                Event(
                    snapshot.organization_id,
                    CHANGED,
                    {
                        "service_id": snapshot.service_id,
                        "service_name": snapshot.name,
                        "fingerprint_sha256": certificate.fingerprint_sha256,
                        "valid_to": certificate.valid_to,
                    },
                )
            )
            current = alerting.get(snapshot.organization_id)
            if current is not None and CHANGED in current.events:
                _enqueue_changed(tx, snapshot, certificate, changed[1], current, now)
    return events


def _enqueue_changed(
    tx: Transaction,
    snapshot: ServiceSnapshot,
    certificate: Certificate,
    previous: str,
    current: AlertingSnapshot,
    now: datetime,
) -> None:
    """Enqueue a message: one for each certificate, however often two of them take turns."""
    service = tx.session.get(Service, snapshot.service_id)
    if service is None:
        return  # deleted meanwhile
    enqueue.event(
        tx,
        snapshot.organization_id,
        CHANGED,
        "info",
        now,
        subject_key=enqueue.subject_of_certificate(
            snapshot.service_id, certificate.fingerprint_sha256
        ),
        hold_until=current.maintenance_until(snapshot.service_id, snapshot.tags, now),
        service=payloads.without_config(service),
        certificate={
            **asdict(certificate),
            "service_id": snapshot.service_id,
            "previous_fingerprint": previous,
            "days_until_expiry": (certificate.valid_to - now).days,
        },
    )


def _is_news(check: RecordedCheck, certificate: Certificate) -> bool:
    service_id, at = check.service_id, check.checked_at
    known = _written.get(service_id)
    if (
        known is not None
        and known[:2] == (certificate.fingerprint_sha256, certificate.error)
        and at - known[2] < _REFRESH
    ):
        return False
    if len(_written) > _REMEMBERED:
        _written.clear()
    _written[service_id] = (certificate.fingerprint_sha256, certificate.error, at)
    return True


def _values(service_id: UUID, certificate: Certificate, check: RecordedCheck) -> tuple[Any, ...]:
    return (
        service_id,
        certificate.domain,
        certificate.port,
        certificate.subject,
        certificate.issuer,
        list(certificate.sans),
        certificate.valid_from,
        certificate.valid_to,
        certificate.fingerprint_sha256,
        certificate.key_type,
        certificate.chain_valid,
        certificate.error,
        check.checked_at,
    )


_READ = """
SELECT c.service_id, c.domain, c.issuer, c.valid_from, c.valid_to,
    floor(extract(epoch FROM c.valid_to - now()) / 86400)::int AS days_until_expiry,
    CASE
        WHEN c.error IS NOT NULL OR NOT c.chain_valid OR c.valid_to <= now() THEN 'RED'
        WHEN c.valid_to <= now() + interval '1 day' * coalesce(
            (s.config ->> 'expiry_warning_days')::int,
            (s.config ->> 'ssl_expiry_warning_days')::int, 30) THEN 'YELLOW'
        ELSE 'GREEN'
    END AS status,
    c.port, c.subject, c.sans, c.fingerprint_sha256, c.chain_valid, c.error, c.key_type,
    c.last_checked_at, c.previous_fingerprint, c.changed_at
FROM ssl_certificates c JOIN services s ON s.id = c.service_id
WHERE s.organization_id = %s
"""


def listed(organization_id: UUID) -> list[dict[str, Any]]:
    """Return the certificates of an organization, the first to expire first."""
    return _read(f"{_READ} ORDER BY c.valid_to, c.service_id LIMIT 1000", (organization_id,))


def read(organization_id: UUID, service_id: UUID) -> dict[str, Any]:
    """Return the certificate of a service. Raises NotFound when none was seen."""
    found = _read(f"{_READ} AND c.service_id = %s", (organization_id, service_id))
    if not found:
        raise NotFound
    return found[0]


def _read(statement: str, values: tuple[Any, ...]) -> list[dict[str, Any]]:
    with transaction() as tx:
        cursor = tx.driver.execute(statement, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
