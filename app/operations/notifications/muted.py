"""Messages whose delay ends within a maintenance window: deferred until its end."""

from datetime import timedelta

from app.domain.messages.events import BEGINNINGS
from app.models.notification_channels import Notification
from app.operations.notifications import enqueue
from app.operations.notifications.digests import ClaimedMessage
from app.operations.snapshots import muted_alerts
from app.platform.transaction import Transaction

_SOON = timedelta(seconds=30)  # what is due so soon after the firing is no delayed message
_PAUSE = timedelta(seconds=20)  # before the next look


def without_muted(tx: Transaction, claimed: list[ClaimedMessage]) -> list[ClaimedMessage]:
    """Defer messages whose delay ended in maintenance; sent at its end if the alert still fires.

    The delay of a contact, or quiet hours. What was due as the alert fired goes out.
    """
    delayed = {row.id: row.alert_id for row, _ in claimed if _was_delayed(row)}
    unmuted = set(muted_alerts.unmuted(tx, [id for id in delayed.values() if id is not None]))
    muted = {id for id, alert_id in delayed.items() if alert_id not in unmuted}
    for row, _ in claimed:
        if row.id in muted:
            row.lease_token, row.lease_until, row.attempts = None, None, row.attempts - 1
            row.next_try_at = tx.now() + _PAUSE
    return [(row, channel) for row, channel in claimed if row.id not in muted]


def _was_delayed(row: Notification) -> bool:
    is_beginning = row.kind in BEGINNINGS and row.kind != enqueue.NOTIFIED
    is_first_try = row.attempts == 1 and row.alert_id is not None and not enqueue.is_digest(row)
    return is_beginning and is_first_try and row.next_try_at - row.created_at > _SOON
