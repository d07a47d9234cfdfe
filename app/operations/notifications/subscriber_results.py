"""Messages to subscribers of status pages: their keys in the outbox, and results of sending."""

from uuid import UUID

from app.domain.status_pages import subscribers
from app.domain.status_pages.types import Way
from app.models.status_pages import PageSubscriber
from app.operations.notifications.claim import DeliveryOutcome, Send
from app.platform.transaction import Transaction

NEWS, CONFIRMATION = "subscriber.news", "subscriber.confirmation"
KINDS = (NEWS, CONFIRMATION)
_PREFIX = "subscriber:"


def recipient_key(subscriber_id: UUID) -> str:
    """Return the key of a subscriber in the outbox."""
    return f"{_PREFIX}{subscriber_id}"


def subscriber_of(send: Send) -> UUID:
    """Return whom a message is for."""
    return UUID(send.recipient_key.removeprefix(_PREFIX))


def challenge(send: Send) -> str:
    """Return what a webhook has to answer with, to be subscribed."""
    return f"ch_{send.id.hex}"


def locked(tx: Transaction, send: Send) -> PageSubscriber | None:
    """Return the subscriber a message is for, locked; None for other messages, and who is gone."""
    if send.kind not in KINDS:
        return None
    return tx.session.get(PageSubscriber, subscriber_of(send), with_for_update={"key_share": True})


def apply(tx: Transaction, row: PageSubscriber, send: Send, outcome: DeliveryOutcome) -> None:
    """Learn from how a message to a subscriber went: an echoed challenge confirms a webhook, and
    whoever is refused twice is paused."""
    if outcome.ok:
        row.bounces = 0
        is_echoed = challenge(send) in (outcome.answer or "")
        if send.kind == CONFIRMATION and row.kind == Way.WEBHOOK and is_echoed:
            row.confirmed_at, row.expires_at = row.confirmed_at or tx.now(), None
    elif outcome.permanent:
        row.bounces += 1
        row.last_error = outcome.error
        if row.bounces >= subscribers.BOUNCES_TO_PAUSE and row.paused_at is None:
            row.paused_at = tx.now()
