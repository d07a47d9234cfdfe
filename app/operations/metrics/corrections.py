"""Corrections of history: what somebody says that a stretch of time really was."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.metrics.status_line import Span, SpanKind, milliseconds
from app.platform.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction that stands, and who made it (None: somebody who is gone)."""

    id: UUID
    service_id: UUID
    since: datetime
    until: datetime
    kind: SpanKind
    reason: str
    by: str | None


# The newest last: it wins where they overlap.
_STANDING = """
SELECT c.id, c.service_id, c.begins_at, c.ends_at, c.kind, c.reason, u.email
FROM metric_corrections c LEFT JOIN users u ON u.id = c.created_by
WHERE c.service_id = ANY(%b::uuid[]) AND c.withdrawn_at IS NULL
  AND c.begins_at < %s AND c.ends_at > %s
ORDER BY c.service_id, c.created_at, c.id
"""


def active(
    tx: Transaction, ids: Iterable[UUID], since: datetime, until: datetime
) -> dict[UUID, tuple[Correction, ...]]:
    """Return the corrections that stand and touch a window, by service, the newest last."""
    found: dict[UUID, list[Correction]] = {service_id: [] for service_id in ids}
    for row in tx.driver.execute(_STANDING, (list(found), until, since)).fetchall():
        id, service_id, begin, end, kind, reason, by = row
        found[service_id].append(Correction(id, service_id, begin, end, SpanKind(kind), reason, by))
    return {service_id: tuple(corrections) for service_id, corrections in found.items()}


def spans(
    tx: Transaction, ids: Iterable[UUID], since: datetime, until: datetime
) -> dict[UUID, list[Span]]:
    """Return the corrections that stand and touch a window as stretches of a status line."""
    result: dict[UUID, list[Span]] = defaultdict(list)
    for service_id, corrections in active(tx, ids, since, until).items():
        for one in corrections:
            span = Span(milliseconds(one.since), milliseconds(one.until), one.kind)
            result[service_id].append(span)
    return result
