"""Failure details: what was seen when a service began to fail, beside the last good check."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from app.operations.recorded_check import RecordedCheck
from app.platform.errors import NotFound
from app.platform.events import timestamp
from app.platform.transaction import transaction

KEPT = 20  # a service

_OUTCOME = (
    "id",
    "checked_at",
    "region",
    "status",
    "response_time_ms",
    "status_code",
    "error",
    "failure_kind",
)
_PHASES = ("dns_ms", "connect_ms", "tls_ms", "ttfb_ms", "transfer_ms")
_COLUMNS = (
    "id, checked_at, region, status, response_time_ms, status_code, error, failure_kind, dns_ms,"
    " connect_ms, tls_ms, ttfb_ms, transfer_ms"
)

# The evidence before a check in its region, with no good check between the two.
_OF_ITS_BEGINNING = """
WITH asked AS (
  SELECT region, checked_at FROM check_results WHERE service_id = %(service)s AND scheduled_for >
    (SELECT min(at) - interval '1 day' FROM check_evidence WHERE service_id = %(service)s)
    AND status NOT IN ('GREEN', 'YELLOW') AND id = %(check)s
)
SELECT kept.check_id, kept.at, kept.region, kept.evidence
FROM check_evidence kept JOIN asked USING (region)
WHERE kept.service_id = %(service)s AND kept.at <= asked.checked_at AND NOT EXISTS (
  SELECT FROM check_results good WHERE good.service_id = %(service)s AND good.region = kept.region
    AND good.scheduled_for > kept.at - interval '1 day'
    AND good.checked_at > kept.at AND good.checked_at < asked.checked_at
    AND good.status IN ('GREEN', 'YELLOW'))
ORDER BY kept.at DESC LIMIT 1
"""


def keep(cursor: psycopg.Cursor[Any], checks: Sequence[RecordedCheck]) -> None:
    """Store the evidence of results that begin a failure, within the caller's transaction.

    A failure that continues stores nothing: the evidence of its beginning is that of the outage.
    """
    failures = [
        check
        for check in checks
        if check.observation.evidence and check.state.consecutive_failures == 1
    ]
    if not failures:
        return
    cursor.executemany(
        "INSERT INTO check_evidence (check_id, service_id, at, region, evidence)"
        " VALUES (%s, %s, %s, %s, %s)",
        [
            (
                check.check_id,
                check.service_id,
                check.checked_at,
                check.region,
                storable(check.observation.evidence),
            )
            for check in failures
        ],
    )
    cursor.executemany(
        "DELETE FROM check_evidence WHERE check_id = ANY (ARRAY(SELECT check_id FROM check_evidence"
        " WHERE service_id = %s ORDER BY at DESC OFFSET %s))",
        [(check.service_id, KEPT) for check in failures],
    )


def storable(value: object) -> str:
    """Return JSON that PostgreSQL takes: a target may well send NUL and lone surrogates."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode().replace("\\u0000", "\\ufffd")


def read(service_id: UUID, check_id: UUID | None) -> dict[str, Any]:
    """Return the evidence of a failed check, the latest without an id, and what had changed.

    Of a check that continued a failure, what is kept is what was seen as the failure began. Raises
    NotFound when nothing is kept.
    """
    with transaction() as tx:
        row = tx.row(
            "SELECT check_id, at, region, evidence FROM check_evidence WHERE service_id = %s"
            " AND (%s::uuid IS NULL OR check_id = %s) ORDER BY at DESC LIMIT 1",
            (service_id, check_id, check_id),
        )
        if row is None and check_id is not None:
            row = tx.row(_OF_ITS_BEGINNING, {"service": service_id, "check": check_id})
        if row is None:
            raise NotFound("no evidence is kept for this check")
        failed = _result(
            tx.driver.execute(
                f"SELECT {_COLUMNS} FROM check_results WHERE service_id = %s"  # noqa: S608
                " AND scheduled_for > %s - interval '1 day'"
                " AND scheduled_for < %s + interval '1 day' AND id = %s",
                (service_id, row.at, row.at, row.check_id),
            ).fetchone()
        )
        good = _result(
            tx.driver.execute(
                f"SELECT {_COLUMNS} FROM check_results WHERE service_id = %s"  # noqa: S608
                " AND region = %s AND checked_at < %s AND status IN ('GREEN', 'YELLOW')"
                " ORDER BY scheduled_for DESC LIMIT 1",
                (service_id, row.region, row.at),
            ).fetchone()
        )
    return {
        "check_id": row.check_id,
        "service_id": service_id,
        "at": row.at,
        "region": row.region,
        "check": failed,
        "evidence": row.evidence,
        "last_good_check": good,
        "difference": _difference(failed, good),
    }


def _result(row: tuple[Any, ...] | None) -> dict[str, Any] | None:
    if row is None:
        return None
    result: dict[str, Any] = dict(zip(_OUTCOME, row, strict=False))
    result["phases"] = dict(zip(_PHASES, row[len(_OUTCOME) :], strict=True))
    return result


def _difference(
    failed: dict[str, Any] | None, good: dict[str, Any] | None
) -> dict[str, dict[str, Any]]:
    """Return what is not as it was: `{field: {before, after}}`."""
    if failed is None or good is None:
        return {}
    before = {**good, **good["phases"]}
    after = {**failed, **failed["phases"]}
    names = ("status", "status_code", "error", "failure_kind", "response_time_ms", *_PHASES)
    return {
        name: {"before": _shown(before[name]), "after": _shown(after[name])}
        for name in names
        if before[name] != after[name]
    }


def _shown(value: Any) -> Any:
    return timestamp(value) if isinstance(value, datetime) else value
