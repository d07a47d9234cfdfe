"""Alerts as they are answered: what happened, how far their escalation is, and what they hide."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from app.operations import paging
from app.operations.alerts import told
from app.operations.notifications.payloads import HIDDEN_BEFORE
from app.operations.rows import Position
from app.platform.errors import NotFound
from app.platform.transaction import transaction

Json = dict[str, Any]

_SELECT = """
SELECT id, organization_id, service_id, service_name, heartbeat_id, alert_rule_id,
    (SELECT r.name FROM alert_rules r WHERE r.id = a.alert_rule_id) AS alert_rule_name,
    severity, title, message, reason, check_status, explanation, status, fired_at,
    acknowledged_at, acknowledged_by, resolved_at, resolved_by, snoozed_until, suppressed_by,
    check_id, is_flapping, runbook_url
FROM alerts a
"""

# A filter is a fixed piece of SQL; what the caller wrote travels as its parameter.
_FILTERS = {
    "service_id": "a.service_id = %(service_id)s",
    "heartbeat_id": "a.heartbeat_id = %(heartbeat_id)s",
    "alert_rule_id": "a.alert_rule_id = %(alert_rule_id)s",
    "severity": "a.severity = %(severity)s",
    "told": f"{told.TOLD} = %(told)s",
    "from_": "a.fired_at >= %(from_)s",
    "to": "a.fired_at < %(to)s",
}
_STATUSES = {
    "active": "a.status <> 'resolved'",
    "all": "true",
    "firing": "a.status = 'firing'",
    "acknowledged": "a.status = 'acknowledged'",
    "resolved": "a.status = 'resolved'",
}

_ESCALATIONS = """
SELECT alert_id, (array_agg(policy_id ORDER BY position))[1] AS policy_id,
    (array_agg(level ORDER BY position DESC) FILTER (WHERE status = 'done'))[1] AS level,
    min(due_at) FILTER (WHERE status = 'pending') AS next_level_at
FROM escalation_levels WHERE alert_id = ANY(%s) GROUP BY alert_id
"""

# What an alert hides fired about when it did: that narrows the search to a part of an index.
_SUPPRESSED = """
SELECT suppressed_by, service_id, service_name FROM alerts
WHERE organization_id = %s AND fired_at >= %s AND suppressed_by = ANY(%s)
ORDER BY service_name, id
"""

_TIMELINE = "SELECT at, kind, actor, text FROM alert_events WHERE alert_id = %s ORDER BY id"


def listed(
    organization_id: UUID,
    filters: Mapping[str, Any],
    *,
    limit: int,
    after: Position | None,
) -> tuple[list[Json], Position | None, int]:
    """Return a page of alerts, newest first, where to go on (None at the end), and their number.

    Active ones unless the filter `status` says otherwise.
    """
    seek = paging.seek("a.fired_at", "a.id", limit=limit, after=after)
    values = {**filters, **seek.values, "organization_id": organization_id}
    conditions = ["a.organization_id = %(organization_id)s"]
    conditions.append(_STATUSES[values.pop("status", "active")])
    conditions.extend(piece for name, piece in _FILTERS.items() if name in filters)
    where = " AND ".join(conditions)
    with transaction() as tx:
        cursor = tx.driver.cursor(row_factory=dict_row)
        rows = cursor.execute(
            f"{_SELECT} WHERE {where} AND {seek.where} {seek.order_by}", values
        ).fetchall()
        page, position = paging.cut(rows, limit, lambda row: (row["fired_at"], row["id"]))
        total = len(page)
        if after is not None or position is not None:
            counted = f"SELECT count(*) FROM alerts a WHERE {where}"  # noqa: S608  fixed pieces
            total = tx.scalar(counted, values) or 0
        found = _completed(cursor, organization_id, page)
    return found, position, total


def read(organization_id: UUID, alert_id: UUID) -> Json:
    """Return an alert with its timeline. Raises NotFound."""
    with transaction() as tx:
        cursor = tx.driver.cursor(row_factory=dict_row)
        rows = cursor.execute(
            f"{_SELECT} WHERE a.id = %s AND a.organization_id = %s", (alert_id, organization_id)
        ).fetchall()
        if not rows:
            raise NotFound
        result = _completed(cursor, organization_id, rows)[0]
        result["timeline"] = cursor.execute(_TIMELINE, (alert_id,)).fetchall()
    return result


def read_for_link(alert_id: UUID, recipient: str, signed_at: datetime | None) -> Json:
    """Return what the page of a signed link shows of an alert, whosever it is.

    `recipient` is the key of whom the link was sent to; `role` theirs, where that is a person.
    Raises NotFound, also where that is a person who has left the alert's organization since, though
    they may have come again.
    """
    with transaction() as tx:
        row = (
            tx.driver.cursor(row_factory=dict_row)
            .execute(
                "SELECT id, organization_id, title, message, severity, service_name, status,"
                " fired_at, acknowledged_at, acknowledged_by, resolved_at, snoozed_until,"
                " (SELECT m.role FROM memberships m WHERE m.organization_id = a.organization_id"
                " AND %(recipient)s LIKE 'user:' || m.user_id || ':%%') AS role"
                " FROM alerts a WHERE id = %(alert_id)s AND (%(recipient)s NOT LIKE 'user:%%'"
                " OR EXISTS (SELECT FROM memberships m WHERE m.organization_id = a.organization_id"
                " AND m.created_at < %(signed_at)s::timestamptz + interval '1 second'"
                " AND %(recipient)s LIKE 'user:' || m.user_id || ':%%'))",
                {"alert_id": alert_id, "recipient": recipient, "signed_at": signed_at},
            )
            .fetchone()
        )
    if row is None:
        raise NotFound
    return row


def _completed(
    cursor: psycopg.Cursor[Json], organization_id: UUID, rows: Sequence[Json]
) -> list[Json]:
    """Return alerts with their escalation and with what they hide: a query each for all of them."""
    if not rows:
        return []
    ids = [row["id"] for row in rows]
    escalations = {row.pop("alert_id"): row for row in cursor.execute(_ESCALATIONS, (ids,))}
    hidden = defaultdict(list)
    for row in cursor.execute(_SUPPRESSED, (organization_id, _earliest(rows), ids)):
        hidden[row.pop("suppressed_by")].append(row)
    heard = told.of_alerts(cursor, ids)
    return [
        {
            **row,
            **heard.get(row["id"], told.NOBODY),  # deleted since it was read
            "escalation": escalations.get(row["id"]),
            "suppressed_services": hidden[row["id"]],
        }
        for row in rows
    ]


def _earliest(rows: Sequence[Json]) -> datetime:
    earliest: datetime = min(row["fired_at"] for row in rows)
    return earliest - HIDDEN_BEFORE
