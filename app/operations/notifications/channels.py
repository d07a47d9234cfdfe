"""Notification channels: created, changed, deleted; what refers to them is kept right."""

from collections.abc import Sequence, Set
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.domain.checks.dependencies import find_cycle
from app.models.notification_channels import NotificationChannel
from app.operations import secrets, usages
from app.operations.notifications import newcomers, withdrawn
from app.operations.notifications.definitions import changed_columns, new_columns
from app.operations.resource import Most
from app.operations.rows import Columns, beginning, columns, refused
from app.operations.snapshots.resource import SnapshotResource
from app.platform.bootstrap import runtime
from app.platform.errors import InvalidCode
from app.platform.transaction import Transaction
from app.security.sealing import mask

# What makes earlier failures say nothing about the channel any more.
_CLEARS_FAILURES = frozenset(("type", "config"))
_INTERNAL = ("consecutive_failures", "paused_until")


class _Channels(SnapshotResource[NotificationChannel]):
    model = NotificationChannel
    most = Most(1_000, "notification channels")
    # Heartbeats may name one without the organization's lock: from a deletion on they wait.
    is_referred_to = True

    def new_columns(self, tx: Transaction, who: UUID, id: UUID, data: Columns) -> Columns:
        values = new_columns(data, runtime().vault, secrets.hosts_by_name(tx, who))
        _check_fallback(tx, who, id, values)
        return values

    def changed_columns(
        self, tx: Transaction, who: UUID, row: NotificationChannel, changes: Columns
    ) -> Columns:
        """Return what an edit changes; a new config clears earlier failures, so that what waits in
        the outbox is tried again."""
        hosts = secrets.hosts_by_name(tx, who)
        values = changed_columns(columns(row), changes, runtime().vault, hosts)
        _check_fallback(tx, who, row.id, values)
        if _CLEARS_FAILURES & values.keys():
            values |= {"consecutive_failures": 0, "paused_until": None, "last_error": None}
        return values

    def updated(
        self, tx: Transaction, row: NotificationChannel, before: Columns, changes: Columns
    ) -> None:
        """Withdraw what waits for a channel that is switched off, and tell others; tell one that
        listens to more now of what fires."""
        if before["is_enabled"] and not row.is_enabled:
            withdrawn.of_disabled(tx, row, before["name"])
        elif newcomers.LISTENING & changes.keys():
            newcomers.follow_channel(tx, row)

    def referring(self, tx: Transaction, id: UUID) -> Set[UUID]:
        return withdrawn.subjects_ever(tx, id)

    def lock_referring(self, tx: Transaction, id: UUID) -> Set[UUID]:
        return withdrawn.lock_subjects(tx, id)

    def uses(self, tx: Transaction, who: UUID, row: NotificationChannel) -> list[str]:
        return usages.of_channel(tx, who, row.id)

    def deleting(self, tx: Transaction, who: UUID, row: NotificationChannel) -> None:
        withdrawn.of_deleted(tx, row)

    def to_json(
        self, tx: Transaction, who: UUID, rows: Sequence[NotificationChannel]
    ) -> list[dict[str, Any]]:
        return [_to_json(row) for row in rows]

    def to_list(
        self, tx: Transaction, who: UUID, rows: Sequence[NotificationChannel]
    ) -> list[dict[str, Any]]:
        return [_to_json(row) | {"last_error": beginning(row.last_error)} for row in rows]


_CHANNELS = _Channels()
listed, read, create, update, delete = _CHANNELS.operations()
used_by = _CHANNELS.used_by


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
        raise refused(
            "fallback_channel_id",
            InvalidCode.UNKNOWN_REFERENCE,
            f"There is no notification channel {fallback_id}.",
        )
    if find_cycle(channel_id, [fallback_id], graph):
        raise refused(
            "fallback_channel_id",
            InvalidCode.CONFLICTING_FIELDS,
            "A channel cannot fall back on itself, directly or by others.",
        )


def _to_json(channel: NotificationChannel) -> dict[str, Any]:
    result = {name: value for name, value in columns(channel).items() if name not in _INTERNAL}
    result["config"] = mask(channel.config)
    result["is_healthy"] = channel.consecutive_failures == 0
    return result
