"""Mails of the system itself (invitations, password resets), through the same outbox as alerts."""

from typing import Any
from uuid import UUID, uuid4

from app.domain.messages.types import Message, Organization, Phase, Tone
from app.models.organization import Organization as OrganizationRow
from app.operations.notifications import enqueue
from app.operations.notifications.claim import Send
from app.platform.bootstrap import runtime
from app.platform.transaction import Transaction
from app.security.sealing import reveal

KIND = "system"


def is_possible() -> bool:
    """Say whether this server can send mail."""
    return bool(runtime().config.smtp_url)


def enqueue_mail(
    tx: Transaction,
    organization_id: UUID,
    to: str,
    subject: str,
    text: str,
    unsubscribe_url: str = "",
) -> bool:
    """Add a mail to the outbox; say whether this server can send it.

    The text is sealed: links in it let their reader in, and the outbox is not the reader's.
    `unsubscribe_url` is for mails that come again and again (RFC 8058).
    """
    if not is_possible():
        return False
    organization = tx.session.get_one(OrganizationRow, organization_id)
    enqueue.messages(
        tx,
        organization_id=organization_id,
        alert_id=None,
        subject_key=f"{KIND}:{uuid4()}",
        kind=KIND,
        severity="info",
        message={
            "organization": organization.name,
            "subject": subject,
            "text": runtime().vault.seal(text),
            "unsubscribe_url": runtime().vault.seal(unsubscribe_url),
        },
        recipients=[enqueue.Recipient("mail", contact={"type": "email", "config": {"to": [to]}})],
        now=tx.now(),
    )
    return True


def compose(send: Send) -> Message:
    """Return the message of an outbox row that `enqueue_mail` added."""
    stored: dict[str, Any] = reveal(send.message, runtime().vault)
    return Message(
        id=f"del_{send.id.hex}",
        event=KIND,
        at=send.at,
        organization=Organization(str(send.organization_id), stored["organization"]),
        severity="info",
        tone=Tone.INFO,
        phase=Phase.NOTE,
        label="",
        title=stored["subject"],
        text=stored["text"],
        reason="",
        unsubscribe_url=stored.get("unsubscribe_url", ""),
        dedup_key=f"system-{send.id.hex}",
    )
