"""Notification state of an alert: whether somebody has heard of it, and why nobody has."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import tuple_row

# `sent`: a message got through, by itself or in a digest. `pending`: one is on its way, or a level
# of the escalation is still to come. For `FROM alerts a`.
TOLD = """
CASE
    WHEN EXISTS (SELECT FROM notifications n
        WHERE n.alert_id = a.id AND n.status IN ('sent', 'digested')) THEN 'sent'
    WHEN EXISTS (SELECT FROM notifications n
        WHERE n.alert_id = a.id AND n.status = 'pending') THEN 'pending'
    WHEN a.status = 'firing' AND EXISTS (SELECT FROM escalation_levels e
        WHERE e.alert_id = a.id AND e.status = 'pending') THEN 'pending'
    ELSE 'none'
END
"""
NOBODY: dict[str, str | None] = {"told": "none", "told_reason": None}
_REASONS = f"""
SELECT a.id, {TOLD}, a.untold_reason,
    (SELECT r.service_name FROM alerts r WHERE r.id = a.suppressed_by),
    (SELECT n.last_error FROM notifications n
     WHERE n.alert_id = a.id AND n.status = 'dead' ORDER BY n.created_at DESC LIMIT 1),
    (SELECT n.last_error FROM notifications n
     WHERE n.alert_id = a.id AND n.status = 'pending' AND n.last_error IS NOT NULL
     ORDER BY n.created_at DESC LIMIT 1)
FROM alerts a WHERE a.id = ANY(%s)
"""  # noqa: S608  a fixed piece of SQL


def of_alerts(
    cursor: psycopg.Cursor[dict[str, Any]], ids: Sequence[UUID]
) -> dict[UUID, dict[str, str | None]]:
    """Return `told` and `told_reason` of alerts, by their ids.

    The reason is null unless the ordinary way reached nobody, so far at least.
    """
    rows = psycopg.Cursor(cursor.connection, row_factory=tuple_row)
    result: dict[UUID, dict[str, str | None]] = {}
    for id, told, untold_reason, root, error, error_so_far in rows.execute(_REASONS, (list(ids),)):
        reason = untold_reason
        if reason is None and told == "none":
            reason = _reason(root, error)
        elif reason is None and told == "pending" and error_so_far is not None:
            reason = f"its messages have not got through so far ({error_so_far})"
        result[id] = {"told": told, "told_reason": reason}
    return result


def _reason(root: str | None, error: str | None) -> str:
    if root is not None:
        return f"it is hidden: {root} is down"
    if error is not None:
        return f"its messages could not be delivered ({error})"
    return "its messages were withdrawn, or there was none"
