"""Messages to subscribers: enqueued in the outbox with the news, composed when they are sent."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from app.domain import timezones
from app.domain.messages.types import Message, Organization, Phase, Tone
from app.domain.status_pages import subscribers
from app.domain.status_pages.languages import sentence
from app.domain.status_pages.types import Wants, Way
from app.models.notification_channels import Notification
from app.models.status_pages import PageSubscriber, StatusPage
from app.operations.notifications import enqueue
from app.operations.notifications.claim import Send
from app.operations.notifications.subscriber_results import (
    CONFIRMATION,
    NEWS,
    challenge,
    recipient_key,
    subscriber_of,
)
from app.operations.status_pages import addresses
from app.platform.bootstrap import runtime
from app.platform.events import timestamp
from app.platform.transaction import Transaction
from app.security.subscription_links import SubscriptionLink, sign

_BATCH = 500
_CONFIG_NAME = {
    Way.WEBHOOK: "url",
    Way.SLACK: "webhook_url",
    Way.DISCORD: "webhook_url",
    Way.TEAMS: "webhook_url",
}


def moment(page: StatusPage, at: datetime) -> str:
    """Return a time in the zone of a page and in UTC, where it may be another day."""
    wall = at.astimezone(timezones.zone(page.timezone))
    utc = at.astimezone(UTC)
    if page.timezone == "UTC":
        return f"{utc:%Y-%m-%d %H:%M} UTC"
    in_utc = f"{utc:%H:%M}" if utc.date() == wall.date() else f"{utc:%Y-%m-%d %H:%M}"
    return f"{wall:%Y-%m-%d %H:%M} {page.timezone} ({in_utc} UTC)"


def enqueue_confirmation(
    tx: Transaction, page: StatusPage, row: PageSubscriber, now: datetime, *, step: int
) -> None:
    """Enqueue the message that asks a subscriber to confirm."""
    say = _sentences(page)
    message = _stored(page, "subscription.confirm", now) | {
        "subject": f"{page.name}: {say('confirm_title')}",
        "text": say("subscribe_intro"),
    }
    _enqueue(tx, page, [row], CONFIRMATION, f"confirm:{row.id}", message, now, step)


def enqueue_update(
    tx: Transaction,
    page: StatusPage,
    *,
    topic: Wants,
    event: str,
    subject_key: str,
    path: str,
    title: str,
    text: str,
    affected: Collection[UUID],
    data: Mapping[str, Any],
    now: datetime,
) -> int:
    """Enqueue one message for each subscriber whom the news concern; return how many there are.

    Where the message before it has not gone out within a minute, the new one takes its place.
    """
    subscribed = recipients(tx, page, topic, affected)
    message = _stored(page, event, now) | {
        "subject": f"[{page.name}] {title}",
        "text": text,
        "link": f"{addresses.of_page(page).rstrip('/')}/{path}",
        "data": dict(data),
        "thread": subject_key,
    }
    replaced = _replace_unsent(tx, subject_key, message, now)
    fresh = [row for row in subscribed if recipient_key(row.id) not in replaced]
    _enqueue(tx, page, fresh, NEWS, subject_key, message, now, enqueue.step_at(now))
    return len(subscribed)


def recipients(
    tx: Transaction, page: StatusPage, topic: Wants, affected: Collection[UUID]
) -> list[PageSubscriber]:
    """Return the subscribers who hear of an incident or a maintenance, the oldest first."""
    rows = tx.session.scalars(
        select(PageSubscriber)
        .where(
            PageSubscriber.status_page_id == page.id,
            PageSubscriber.confirmed_at.is_not(None),
            PageSubscriber.paused_at.is_(None),
        )
        .order_by(PageSubscriber.created_at, PageSubscriber.id)
    )
    return [
        row
        for row in rows
        if subscribers.is_notified(Wants(row.wants), row.service_ids, topic, affected)
    ]


def _replace_unsent(
    tx: Transaction, subject_key: str, message: dict[str, Any], now: datetime
) -> set[str]:
    unsent = tx.session.scalars(
        select(Notification)
        .where(
            Notification.subject_key == subject_key,
            Notification.kind == NEWS,
            Notification.status == "pending",
            Notification.attempts == 0,
            Notification.created_at > now - subscribers.MERGED_WITHIN,
            or_(Notification.lease_until.is_(None), Notification.lease_until < func.now()),
        )
        .with_for_update(key_share=True, skip_locked=True)
    )
    replaced = set()
    for row in unsent:
        row.message = message
        replaced.add(row.recipient_key)
    return replaced


def _enqueue(
    tx: Transaction,
    page: StatusPage,
    rows: list[PageSubscriber],
    kind: str,
    subject_key: str,
    message: dict[str, Any],
    now: datetime,
    step: int,
) -> None:
    for begin in range(0, len(rows), _BATCH):
        enqueue.messages(
            tx,
            organization_id=page.organization_id,
            alert_id=None,
            subject_key=subject_key,
            kind=kind,
            severity="info",
            message=message,
            recipients=[
                enqueue.Recipient(
                    recipient_key(row.id),
                    contact={"type": row.kind, "config": _config(row)},
                    not_before=subscribers.due_at(begin + place, now),
                )
                for place, row in enumerate(rows[begin : begin + _BATCH])
            ],
            now=now,
            step=step,
        )


def _config(row: PageSubscriber) -> dict[str, Any]:
    """Return the config of a channel, its address sealed as it is stored."""
    if row.kind == Way.EMAIL:
        return {"to": [row.address]}
    config: dict[str, Any] = {_CONFIG_NAME[Way(row.kind)]: row.address}
    return config | ({"secret": row.secret} if row.secret else {})


def _stored(page: StatusPage, event: str, now: datetime) -> dict[str, Any]:
    return {
        "event": event,
        "page": {"id": page.slug, "name": page.name, "url": addresses.of_page(page)},
        "language": page.language,
        "at": timestamp(now),
    }


def compose(send: Send) -> Message:
    """Return the message of an outbox row to a subscriber, with links of their own."""
    stored, language = send.message, send.message["language"]
    subscriber_id = subscriber_of(send)
    is_question = send.kind == CONFIRMATION
    link = f"{_links()}/{sign(SubscriptionLink(subscriber_id, is_question))}"
    way_out = sign(SubscriptionLink(subscriber_id, False))
    manage = f"{_links()}/{way_out}"
    mailbox = runtime().config.unsubscribe_mailbox
    lines = [stored["text"]]
    if is_question:
        lines.append(f"{sentence(language, 'confirm')}: {link}")
    else:
        lines += [stored["link"], f"{sentence(language, 'unsubscribe')}: {manage}"]
    return Message(
        id=f"del_{send.id.hex}",
        event=stored["event"],
        at=send.at,
        # A stranger knows the page, and nothing of who stands behind it.
        organization=Organization(stored["page"]["id"], stored["page"]["name"]),
        severity="info",
        tone=Tone.INFO,
        phase=Phase.NOTE,
        label="",
        title=stored["subject"],
        text="\n\n".join(lines),
        reason="",
        dedup_key=f"page-{stored.get('thread') or send.id.hex}",
        data={
            "page": stored["page"],
            **stored.get("data", {}),
            **({"challenge": challenge(send)} if is_question else {}),
        },
        unsubscribe_url=manage,
        unsubscribe_mail=f"mailto:{mailbox}?subject={way_out}" if mailbox else "",
    )


def _links() -> str:
    return f"{runtime().config.base_url}/status/subscriptions"


def _sentences(page: StatusPage) -> Any:
    return lambda key: sentence(page.language, key)
