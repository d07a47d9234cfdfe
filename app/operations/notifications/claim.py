"""Claims of messages in the outbox that are due, under a lease.

A try is stored before the message is sent and its outcome afterwards (`results`). A kill in between
sends the message again under the same id: at least once, and the receiver can tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.domain.checks.secret_references import MisdirectedSecret, UnknownSecret, references
from app.domain.delivery import backoff
from app.models.notification_channels import (
    Notification,
    NotificationAttempt,
    NotificationChannel,
)
from app.operations import secrets
from app.operations.health import quarantine
from app.operations.health.quarantine import NEVER_LOST, Loss
from app.operations.notifications import digests, enqueue, muted
from app.platform.bootstrap import runtime
from app.platform.transaction import Transaction, single_value, transaction
from app.security.sealing import reveal

# A send has 30 seconds; after the lease another worker sends again.
LEASE_SECONDS = 45
TEST = "test"
_WHOLE_STORM = 1000  # so many messages at most become one digest


@dataclass(frozen=True, slots=True)
class Send:
    """One message to send now, its config in clear, fenced by its lease token."""

    id: UUID
    lease_token: int
    attempt: int
    organization_id: UUID
    channel_id: UUID | None
    recipient_key: str
    alert_id: UUID | None
    kind: str
    at: datetime
    channel_type: str
    config: dict[str, Any]
    template: dict[str, Any] | None
    message: dict[str, Any]
    fault: str | None = None  # why it cannot even be tried; `config` is then empty
    secrets: tuple[str, ...] = ()  # of the organization, as filled into the config
    loss: Loss = NEVER_LOST  # processes in a row that ended, or lost its lease, with it in hand


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """Outcome of a try; `error` of one that is `ok` names recipients who were missed."""

    ok: bool
    permanent: bool = False
    status_code: int | None = None
    error: str | None = None
    answer: str | None = None
    duration_ms: float | None = None
    retry_after_seconds: float | None = None


# A later message about the same alert to the same recipient waits for the earlier one, or for the
# digest that stands for it, so that nobody hears of a recovery before the outage; a snoozed alert
# keeps still but for its end, and for the digest of others that goes out under its name.
_DUE = """
    FROM notifications n LEFT JOIN notification_channels c ON c.id = n.channel_id
    WHERE n.status = 'pending' AND n.next_try_at <= now()
      AND (n.lease_until IS NULL OR n.lease_until < now())
      AND (c.paused_until IS NULL OR c.paused_until <= now() OR n.kind = 'test')
      AND NOT coalesce(n.channel_id = ANY(%(busy)s), false) {only}
      AND NOT EXISTS (
          SELECT FROM notifications earlier
          WHERE earlier.subject_key = n.subject_key AND earlier.recipient_key = n.recipient_key
            AND earlier.status = 'pending' AND earlier.created_at < n.created_at)
      AND NOT EXISTS (
          SELECT FROM notifications folded JOIN notifications digest
            ON digest.recipient_key = folded.recipient_key AND digest.kind = folded.kind
          WHERE folded.subject_key = n.subject_key AND folded.recipient_key = n.recipient_key
            AND folded.status = 'digested' AND folded.created_at < n.created_at
            AND digest.organization_id = n.organization_id AND digest.status = 'pending'
            AND digest.message ->> 'event' = %(digest)s AND digest.created_at < n.created_at)
      AND NOT EXISTS (
          SELECT FROM alerts a WHERE a.id = n.alert_id AND a.snoozed_until > now()
            AND a.status <> 'resolved' AND n.kind <> 'alert.notified'
            AND n.message ->> 'event' IS DISTINCT FROM %(digest)s)
"""
_CLAIM = f"""
WITH due AS (
    SELECT n.id, n.lease_until IS NOT NULL AS is_lost {_DUE}
    ORDER BY n.next_try_at LIMIT %(limit)s
    FOR NO KEY UPDATE OF n SKIP LOCKED
)
UPDATE notifications n
SET lease_token = nextval('lease_tokens'), attempts = attempts + 1,
    lease_until = now() + %(lease)s * interval '1 second'
FROM due
WHERE n.id = due.id
RETURNING n.id, due.is_lost
"""  # noqa: S608  constants
OVERDUE = (
    (  # messages that nobody has taken for so many seconds: since when, how many
        f"SELECT min(n.next_try_at), count(*) {_DUE}"
        " AND n.next_try_at < now() - %(seconds)s * interval '1 second'"
    )
    .format(only="")
    .replace("%(digest)s", f"'{enqueue.DIGEST}'")
)


def claim(limit: int, busy: Sequence[UUID] = ()) -> list[Send]:
    """Take up to `limit` due messages under a lease, and write down that they are tried.

    Channels in `busy` have enough in the air. A channel whose circuit is half open gets one.
    """
    with transaction() as tx:
        lost = _Lost(tx)
        claim_more = partial(_claim_more, tx, lost)
        claimed = _claim(tx, lost, _CLAIM.format(only=""), {"limit": limit, "busy": list(busy)})
        claimed = muted.without_muted(tx, claimed)
        sends, probed = [], set[UUID]()
        for row, channel in digests.fold(tx, claimed, tx.now(), claim_more):
            if channel is not None and _waits_for_probe(tx, row, channel, probed):
                continue
            tx.session.add(NotificationAttempt(notification_id=row.id, number=row.attempts))
            sends.append(_send(tx, row, channel, lost.losses.get(str(row.id), NEVER_LOST)))
    return sends


class _Lost:
    """The claimed messages whose lease ran out: their process may have died of one of them."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.losses: dict[str, Loss] = {}

    def note(self, ids: Sequence[UUID]) -> None:
        keys = map(str, ids)
        self.losses |= quarantine.note_lost(self._tx, quarantine.WorkKind.MESSAGE, keys)


def _claim_more(tx: Transaction, lost: _Lost, like: Notification) -> list[digests.ClaimedMessage]:
    names = ("organization_id", "recipient_key", "kind")
    values = {"limit": _WHOLE_STORM, "busy": []} | {name: getattr(like, name) for name in names}
    only = " ".join(f"AND n.{name} = %({name})s" for name in names)
    return _claim(tx, lost, _CLAIM.format(only=only), values)


def _claim(
    tx: Transaction, lost: _Lost, statement: str, values: dict[str, Any]
) -> list[digests.ClaimedMessage]:
    found = tx.driver.execute(
        statement, {**values, "lease": LEASE_SECONDS, "digest": enqueue.DIGEST}
    ).fetchall()
    if not found:
        return []
    lost.note([id for id, was_lost in found if was_lost])
    rows = tx.session.execute(
        select(Notification, NotificationChannel)
        .outerjoin(NotificationChannel, NotificationChannel.id == Notification.channel_id)
        .where(Notification.id.in_([id for id, _ in found]))
        .order_by(Notification.created_at)
    )
    return [(row, channel) for row, channel in rows]


def _waits_for_probe(
    tx: Transaction, row: Notification, channel: NotificationChannel, probed: set[UUID]
) -> bool:
    """Let one message try a channel that has failed again and again; the others wait for it."""
    if channel.consecutive_failures < backoff.FAILURES_TO_OPEN or row.kind == TEST:
        return False
    if channel.id in probed or not _is_free(tx, channel):
        row.lease_token, row.lease_until, row.attempts = None, None, row.attempts - 1
        return True
    probed.add(channel.id)
    channel.paused_until = tx.now() + timedelta(seconds=backoff.PROBE_SECONDS)
    return False


def _is_free(tx: Transaction, channel: NotificationChannel) -> bool:
    """Lock a channel that nobody tries; False where others have it: messages do not wait for it."""
    query = (
        select(NotificationChannel.id)
        .where(
            NotificationChannel.id == channel.id,
            func.coalesce(NotificationChannel.paused_until, tx.now()) <= tx.now(),
        )
        .with_for_update(key_share=True, skip_locked=True)
    )
    return tx.session.scalar(query) is not None


def _send(
    tx: Transaction, row: Notification, channel: NotificationChannel | None, loss: Loss
) -> Send:
    contact = row.contact or {}
    config: dict[str, Any] = {}
    filled: tuple[str, ...] = ()
    fault = None
    try:
        config, filled = _config(tx, row, channel)
    except (UnknownSecret, MisdirectedSecret) as error:
        fault = f"this channel's config cannot be used: {error}"
    except ValueError:
        # Sealed with another key, or damaged: that must not hold up the messages of others.
        fault = "its stored secrets cannot be read; enter them again"
    assert row.lease_token is not None
    return Send(
        id=row.id,
        lease_token=row.lease_token,
        attempt=row.attempts,
        organization_id=row.organization_id,
        channel_id=row.channel_id,
        recipient_key=row.recipient_key,
        alert_id=row.alert_id,
        kind=row.kind,
        at=row.created_at,
        channel_type=channel.type if channel else contact["type"],
        config=config,
        template=channel.template if channel else None,
        message=row.message,
        fault=fault,
        loss=loss,
        secrets=filled,
    )


def _config(
    tx: Transaction, row: Notification, channel: NotificationChannel | None
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return a config in clear, and the secrets filled into it.

    Raises ValueError for secrets that cannot be read, UnknownSecret and MisdirectedSecret. What a
    person has given as their own contact never takes a secret of the organization.
    """
    stored = channel.config if channel else (row.contact or {})["config"]
    config: dict[str, Any] = reveal(stored, runtime().vault)
    if channel is None or not any(references(config)):
        return config, ()
    known = secrets.values(tx.driver.cursor(), [row.organization_id])
    of_organization = known.get(row.organization_id, secrets.Secrets())
    _, config, filled = of_organization.fill("", config)
    return config, filled


def next_due_seconds() -> float | None:
    """Return in how many seconds the next message is due; None when none is waiting."""
    seconds: float | None = single_value(
        "SELECT extract(epoch FROM min(next_try_at) - now())::float FROM notifications"
        " WHERE status = 'pending'"
    )
    return seconds
