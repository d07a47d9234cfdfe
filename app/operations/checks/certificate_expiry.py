"""Announcements of certificates that expire: one for each certificate and threshold, a row each."""

import logging
from uuid import UUID

from sqlalchemy import select

from app.domain.checks.ssl_certificates import EARLIEST, EXPIRED, due_notice, severity
from app.models.services import Service
from app.models.ssl_certificates import SslCertificate, SslNotice
from app.operations.notifications import enqueue, payloads
from app.operations.snapshots.alerting import alerting_snapshots
from app.platform.bootstrap import runtime
from app.platform.events import Event
from app.platform.transaction import DATABASE_AWAY, Transaction, transaction

log = logging.getLogger(__name__)

# What no check has seen for longer than this, beyond the service's interval, is not shown any more:
# the service was paused, or watches something else now.
_SEEN_WITHIN = "1 day"

_ENDING = f"""
SELECT c.service_id, s.organization_id, s.tags, c.valid_to, now() AS now, ARRAY(
    SELECT n.threshold_days FROM ssl_notices n
    WHERE n.service_id = c.service_id AND n.fingerprint_sha256 = c.fingerprint_sha256) AS told
FROM ssl_certificates c JOIN services s ON s.id = c.service_id
WHERE c.valid_to <= now() + %s AND s.is_active
  AND c.last_checked_at
      > now() - interval '{_SEEN_WITHIN}' - s.check_interval_seconds * interval '1 second'
ORDER BY c.valid_to
"""  # noqa: S608  a constant


def warn() -> int:
    """Announce every certificate that has passed a threshold; return how many were announced.

    Those of services in maintenance are announced after it. One that cannot be announced is logged,
    and delays no other.
    """
    told = 0
    for service_id in _due():
        try:
            told += warn_of(service_id)
        except DATABASE_AWAY:
            raise
        except Exception:
            log.exception("certificate expiry not announced", extra={"service_id": str(service_id)})
    return told


def _due() -> list[UUID]:
    with transaction() as tx:
        rows = tx.rows(_ENDING, (EARLIEST,))
        due = [row for row in rows if due_notice(row.valid_to, row.now, row.told) is not None]
        alerting = alerting_snapshots(tx, {row.organization_id for row in due})
        return [
            row.service_id
            for row in due
            if alerting[row.organization_id].maintenance_until(row.service_id, row.tags, row.now)
            is None
        ]


def warn_of(service_id: UUID) -> bool:
    """Announce the expiry of one service's certificate if that is due; say whether it was."""
    with transaction() as tx:
        # Against a deletion; checks go on meanwhile.
        service = tx.session.scalar(
            select(Service)
            .where(Service.id == service_id, Service.is_active)
            .with_for_update(read=True, key_share=True)
        )
        # Two ticks that meet wait for one another here; the second finds the notice of the first.
        certificate = tx.session.scalar(
            select(SslCertificate)
            .where(SslCertificate.service_id == service_id)
            .with_for_update(key_share=True)
        )
        if service is None or certificate is None:
            return False
        now = tx.now()
        told = tx.session.scalars(
            select(SslNotice.threshold_days).where(
                SslNotice.service_id == service_id,
                SslNotice.fingerprint_sha256 == certificate.fingerprint_sha256,
            )
        ).all()
        due = due_notice(certificate.valid_to, now, told)
        if due is None:
            return False
        tx.session.add(
            SslNotice(
                service_id=service_id,
                fingerprint_sha256=certificate.fingerprint_sha256,
                threshold_days=due,
            )
        )
        _enqueue_expiry(tx, service, certificate, due)
    return True


def _enqueue_expiry(
    tx: Transaction, service: Service, certificate: SslCertificate, threshold: int
) -> None:
    now = tx.now()
    kind = "ssl.expired" if threshold == EXPIRED else "ssl.expiring"
    row = payloads.columns(certificate) | {
        "days_until_expiry": (certificate.valid_to - now).days,
        "threshold_days": threshold,
    }
    enqueue.event(
        tx,
        service.organization_id,
        kind,
        severity(threshold),
        now,
        subject_key=enqueue.subject_of_certificate(service.id, certificate.fingerprint_sha256),
        step=threshold,
        service=payloads.without_config(service),
        certificate=row,
    )
    event = Event(
        service.organization_id,
        kind,
        {
            "service_id": service.id,
            "service_name": service.name,
            "domain": certificate.domain,
            "valid_to": certificate.valid_to,
            "days_until_expiry": row["days_until_expiry"],
            "threshold_days": threshold,
            "fingerprint_sha256": certificate.fingerprint_sha256,
        },
        at=now,
    )
    tx.after_commit(lambda: runtime().feed.publish([event]))
