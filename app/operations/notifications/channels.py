"""Create, change and delete notification channels, and keep what refers to them right."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, select

from app.domain.checks.dependencies import find_cycle
from app.models.notification_channels import NotificationChannel
from app.operations import rows as owned_rows
from app.operations import secrets, usages
from app.operations.notifications.definitions import changed_columns, new_columns
from app.operations.rows import Position, columns, lock_organization, refused
from app.operations.snapshots import alerting as alerting_snapshots
from app.platform.bootstrap import runtime
from app.platform.transaction import Transaction, transaction
from app.security.sealing import mask

Columns = Mapping[str, Any]

# What makes earlier failures say nothing about the channel any more.
_CLEARS_FAILURES = frozenset(("type", "config"))
_INTERNAL = ("consecutive_failures", "paused_until")


def listed(
    organization_id: UUID, filters: Columns, *, limit: int, after: Position | None
) -> tuple[list[dict[str, Any]], Position | None, int]:
    """Return a page of channels, newest first, where to go on (None at the end), their number."""
    conditions: list[ColumnElement[bool]] = [
        getattr(NotificationChannel, name) == value for name, value in filters.items()
    ]
    with transaction() as tx:
        rows, position, total = owned_rows.page(
            tx, NotificationChannel, organization_id, *conditions, limit=limit, after=after
        )
        found = [
            _answer(row) | {"last_error": owned_rows.beginning(row.last_error)} for row in rows
        ]
    return found, position, total


def read(organization_id: UUID, channel_id: UUID) -> dict[str, Any]:
    """Return a channel, its secrets masked. Raises NotFound."""
    with transaction() as tx:
        found = _answer(owned_rows.find(tx, NotificationChannel, organization_id, channel_id))
    return found


def create(organization_id: UUID, data: Columns) -> dict[str, Any]:
    """Create a channel and return its answer. Raises Invalid."""
    values = new_columns(data, runtime().vault, secrets.hosts_by_name(organization_id))
    channel_id = uuid4()
    with transaction() as tx:
        alerting_snapshots.invalidate(lock_organization(tx, organization_id))
        _check_fallback(tx, organization_id, channel_id, values)
        channel = NotificationChannel(id=channel_id, organization_id=organization_id, **values)
        tx.session.add(channel)
        tx.session.flush()
        found = _answer(channel)
    return found


# Not what a worker has in its hands, and not the end of what was told here before.
_WITHDRAW = """
WITH waiting AS (
    SELECT n.id, n.alert_id FROM notifications n
    WHERE n.channel_id = %(id)s AND n.status = 'pending' AND n.kind <> 'test'
      AND (n.lease_until IS NULL OR n.lease_until < now())
      AND NOT (n.kind = 'alert.resolved' AND EXISTS (
          SELECT FROM notifications told
          WHERE told.channel_id = n.channel_id AND told.subject_key = n.subject_key
            AND told.status = 'sent'))
    FOR NO KEY UPDATE SKIP LOCKED
), withdrawn AS (
    UPDATE notifications SET status = 'cancelled' WHERE id IN (SELECT id FROM waiting)
)
INSERT INTO alert_events (alert_id, at, kind, text)
SELECT alert_id, now(), 'undelivered',
    %(name)s || ' was switched off before it was told'
FROM waiting WHERE alert_id IS NOT NULL
"""


def update(organization_id: UUID, channel_id: UUID, changes: Columns) -> dict[str, Any]:
    """Change the given fields of a channel and return its answer. Raises NotFound, Invalid.

    A new config clears earlier failures, so
    that what waits in the outbox is tried again; what waits for a channel that is switched off is
    withdrawn.
    """
    hosts = secrets.hosts_by_name(organization_id)
    with transaction() as tx:
        # The lock of the organization keeps two edits from closing a circle of fallbacks together.
        alerting_snapshots.invalidate(lock_organization(tx, organization_id))
        channel = owned_rows.lock(tx, NotificationChannel, organization_id, channel_id)
        changes = changed_columns(columns(channel), changes, runtime().vault, hosts)
        _check_fallback(tx, organization_id, channel_id, changes)
        if channel.is_enabled and changes.get("is_enabled") is False:
            tx.driver.execute(_WITHDRAW, {"id": channel_id, "name": channel.name})
        for name, value in changes.items():
            setattr(channel, name, value)
        if _CLEARS_FAILURES & changes.keys():
            channel.consecutive_failures, channel.paused_until, channel.last_error = 0, None, None
        tx.session.flush()
        found = _answer(channel)
    return found


def delete(organization_id: UUID, channel_id: UUID) -> None:
    """Delete a channel and its messages. Raises NotFound, Conflict while something tells it."""
    with transaction() as tx:
        alerting_snapshots.invalidate(lock_organization(tx, organization_id))
        # Heartbeats may name it without the organization's lock: from now on they wait.
        channel = owned_rows.lock(
            tx, NotificationChannel, organization_id, channel_id, against_references=True
        )
        usages.refuse(channel.name, usages.of_channel(tx, organization_id, channel_id))
        tx.session.delete(channel)


def _check_fallback(
    tx: Transaction, organization_id: UUID, channel_id: UUID, changes: Columns
) -> None:
    fallback_id = changes.get("fallback_channel_id")
    if fallback_id is None:
        return
    rows = tx.session.execute(
        select(NotificationChannel.id, NotificationChannel.fallback_channel_id).where(
            NotificationChannel.organization_id == organization_id
        )
    )
    graph = {row.id: [row.fallback_channel_id] if row.fallback_channel_id else [] for row in rows}
    if fallback_id != channel_id and fallback_id not in graph:
        raise refused("fallback_channel_id", f"There is no notification channel {fallback_id}.")
    if find_cycle(channel_id, [fallback_id], graph):
        raise refused(
            "fallback_channel_id", "A channel cannot fall back on itself, directly or by others."
        )


def _answer(channel: NotificationChannel) -> dict[str, Any]:
    found = {name: value for name, value in columns(channel).items() if name not in _INTERNAL}
    found["config"] = mask(channel.config)
    found["is_healthy"] = channel.consecutive_failures == 0
    return found
