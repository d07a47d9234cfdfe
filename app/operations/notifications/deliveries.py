"""Messages as they are shown: what was sent to whom, every try, and what the receiver said."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from app.models.alerts import Alert
from app.models.notification_channels import NotificationChannel
from app.operations import paging
from app.operations import rows as owned_rows
from app.operations.rows import Position
from app.platform.errors import NotFound
from app.platform.transaction import transaction

Json = dict[str, Any]

# A person is reached through a contact, whose config is theirs; only its type is shown. That of a
# deleted channel has its type and name.
_SELECT = """
SELECT n.id, n.alert_id, n.kind, n.severity, n.status, n.channel_id,
    coalesce(c.name, n.contact ->> 'channel_name') AS channel_name,
    coalesce(c.type, n.contact ->> 'type') AS channel_type, u.full_name AS person_name,
    n.created_at,
    CASE WHEN n.status = 'pending' THEN n.next_try_at END AS next_try_at, n.sent_at, n.last_error,
    n.last_status_code
FROM notifications n
LEFT JOIN notification_channels c ON c.id = n.channel_id
LEFT JOIN users u
    ON n.recipient_key LIKE 'user:%%' AND u.id::text = split_part(n.recipient_key, ':', 2)
"""
_ATTEMPTS = """
SELECT notification_id, number, started_at, finished_at, status_code, error, duration_ms, answer
FROM notification_attempts WHERE notification_id = ANY(%s) ORDER BY notification_id, number
"""


def of_alert(
    organization_id: UUID,
    alert_id: UUID,
    *,
    with_answers: bool,
    limit: int,
    after: Position | None,
) -> tuple[list[Json], Position | None]:
    """Return a page of the messages about an alert, newest first, and where to go on.

    Raises NotFound. What receivers said is left out unless `with_answers`: their answers may come
    from inside a network that not every member should be able to read.
    """
    with transaction() as tx:
        owned_rows.find(tx, Alert, organization_id, alert_id)
        where = {"n.subject_key = %(subject_key)s": {"subject_key": f"alert:{alert_id}"}}
        result = _page(tx.driver, where, with_answers, limit, after)
    return result


def of_channel(
    organization_id: UUID,
    channel_id: UUID,
    *,
    with_answers: bool,
    limit: int,
    after: Position | None,
) -> tuple[list[Json], Position | None]:
    """Return a page of the messages to a channel, newest first, and where to go on.

    Raises NotFound; `with_answers` as above.
    """
    with transaction() as tx:
        owned_rows.find(tx, NotificationChannel, organization_id, channel_id)
        where = {"n.channel_id = %(channel_id)s": {"channel_id": channel_id}}
        result = _page(tx.driver, where, with_answers, limit, after)
    return result


# A filter is a fixed piece of SQL; what the caller wrote travels as its parameter.
_FILTERS = {
    "status": "n.status = %(status)s",
    "kind": "n.kind = %(kind)s",
    "alert_id": "n.alert_id = %(alert_id)s",
    "channel_id": "n.channel_id = %(channel_id)s",
    "user_id": "n.recipient_key LIKE 'user:' || %(user_id)s || ':%%'",
    "from_": "n.created_at >= %(from_)s",
    "to": "n.created_at < %(to)s",
}
# A mail to one person, with a link in it, is nobody else's.
_OWN = "n.organization_id = %(organization_id)s AND n.kind <> 'system'"


def listed(
    organization_id: UUID,
    filters: Mapping[str, Any],
    *,
    with_answers: bool,
    limit: int,
    after: Position | None,
) -> tuple[list[Json], Position | None]:
    """Return a page of an organization's messages, newest first, and where to go on.

    `with_answers` as above.
    """
    where = {_OWN: {"organization_id": organization_id}}
    where |= {_FILTERS[name]: {name: value} for name, value in filters.items()}
    with transaction() as tx:
        return _page(tx.driver, where, with_answers, limit, after)


def read(organization_id: UUID, notification_id: UUID, *, with_answers: bool) -> Json:
    """Return a message. Raises NotFound; `with_answers` as above."""
    where = {
        _OWN: {"organization_id": organization_id},
        "n.id = %(id)s": {"id": notification_id},
    }
    with transaction() as tx:
        found, _ = _page(tx.driver, where, with_answers, 1, None)
    if not found:
        raise NotFound
    return found[0]


# The key of a recipient names a channel, or a person and the number of one of their contacts.
_RECIPIENT = """
SELECT name FROM notification_channels
WHERE organization_id = %(organization_id)s AND 'channel:' || id = %(key)s
UNION ALL
SELECT u.full_name FROM users u JOIN memberships m ON m.user_id = u.id
WHERE m.organization_id = %(organization_id)s AND %(key)s LIKE 'user:' || u.id || ':%%'
"""


def recipient_name(organization_id: UUID, key: str) -> str:
    """Return the name of the channel or person that a key of the outbox stands for.

    The key itself where they are gone.
    """
    with transaction() as tx:
        name = tx.scalar(_RECIPIENT, {"organization_id": organization_id, "key": key})
    return name or key


def _page(
    driver: psycopg.Connection[Any],
    where: Mapping[str, Mapping[str, Any]],
    with_answers: bool,
    limit: int,
    after: Position | None,
) -> tuple[list[Json], Position | None]:
    cursor = driver.cursor(row_factory=dict_row)
    seek = paging.seek("n.created_at", "n.id", limit=limit, after=after)
    values = dict(seek.values)
    for value in where.values():
        values |= value
    more = cursor.execute(
        f"{_SELECT} WHERE {' AND '.join([*where, seek.where])} {seek.order_by}", values
    ).fetchall()
    rows, position = paging.cut(more, limit, lambda row: (row["created_at"], row["id"]))
    tries = defaultdict(list)
    for row in cursor.execute(_ATTEMPTS, ([row["id"] for row in rows],)):
        tries[row.pop("notification_id")].append(_try(row, with_answers))
    found = [{**row, "attempts": tries[row["id"]]} for row in rows]
    return found, position


def _try(row: Mapping[str, Any], with_answers: bool) -> Json:
    return {**row, "answer": row["answer"] if with_answers else None}
