"""Subscriptions that strangers begin, confirm, change and end by themselves."""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select

from app.domain.status_pages import subscribers
from app.domain.status_pages.types import Wants, Way
from app.models.notification_channels import Notification
from app.models.organization import Organization
from app.models.status_pages import PageSubscriber, StatusPage
from app.operations.notifications import enqueue
from app.operations.notifications.subscriber_results import recipient_key
from app.operations.rows import refused
from app.operations.status_pages import services, subscriber_messages
from app.platform.bootstrap import runtime
from app.platform.crypto import random_key
from app.platform.errors import Forbidden, Invalid, InvalidCode
from app.platform.events import timestamp
from app.platform.transaction import Transaction, transaction
from app.security.sealing import reveal

MAX_SUBSCRIBERS = {"free": 100, "starter": 1_000, "professional": 10_000}


@dataclass(frozen=True, slots=True)
class Subscription:
    """Subscription as its subscriber sees it."""

    id: UUID
    page_id: UUID
    slug: str
    kind: str
    address: str
    wants: str
    service_keys: tuple[str, ...]
    has_deleted: bool  # whether services were chosen that are deleted by now
    is_confirmed: bool


def subscribe(
    page_id: UUID, way: Way, address: str, wants: Wants, service_keys: Collection[str]
) -> None:
    """Ask somebody to confirm that they want to be told; the same work whoever is known already.

    One who has confirmed is not asked again, nor one who was asked three times within a day.
    Raises Invalid for keys of which one is unknown: nobody is told of everything by mistake.
    """
    with transaction() as tx:
        page = tx.session.get(StatusPage, page_id, with_for_update={"key_share": True})
        if page is None or not page.allow_subscribe:
            return
        now = tx.now()
        chosen = _services(tx, page.id, service_keys)
        row = find(tx, page.id, way, address)
        if row is None:
            try:
                check_room(tx, page, 1)
            except Forbidden:
                return  # a stranger is not told of plans
            row = added(tx, page, way, address)
        if row.confirmed_at is not None:
            return
        row.wants = wants
        row.service_ids = chosen
        row.expires_at = now + subscribers.UNCONFIRMED_KEPT
        ask(tx, page, row, now)


def ask(tx: Transaction, page: StatusPage, row: PageSubscriber, now: datetime) -> bool:
    """Enqueue the message that asks to confirm; False for one who was asked often enough."""
    asked = subscribers.confirmations([datetime.fromisoformat(at) for at in row.confirmations], now)
    if asked is None:
        return False
    row.confirmations = [timestamp(at) for at in asked]
    tx.session.flush()
    subscriber_messages.enqueue_confirmation(tx, page, row, now, step=enqueue.step_at(now))
    return True


def added(tx: Transaction, page: StatusPage, way: Way, address: str) -> PageSubscriber:
    """Return a new subscriber who has not confirmed."""
    vault = runtime().vault
    row = PageSubscriber(
        id=uuid4(),
        organization_id=page.organization_id,
        status_page_id=page.id,
        kind=way,
        address=vault.seal(address),
        address_hash=hashed(page.id, way, address),
        secret=vault.seal(f"whsec_{random_key()}") if way is Way.WEBHOOK else None,
    )
    tx.session.add(row)
    tx.session.flush()
    return row


def find(tx: Transaction, page_id: UUID, way: Way, address: str) -> PageSubscriber | None:
    """Return the subscriber of a page with an address."""
    rows = tx.session.scalars(
        select(PageSubscriber).where(
            PageSubscriber.status_page_id == page_id,
            PageSubscriber.kind == way,
            PageSubscriber.address_hash.in_(hashes(page_id, way, address)),
        )
    )
    wanted = subscribers.normalized(way, address)
    vault = runtime().vault
    # URLs of one hash differ by case where both were stored before that was told apart.
    return next(
        (row for row in rows if subscribers.normalized(way, reveal(row.address, vault)) == wanted),
        None,
    )


def hashed(page_id: UUID, way: Way, address: str) -> str:
    """Return what stands for an address in the index; without our key nobody can guess it."""
    return hashes(page_id, way, address)[0]


def hashes(page_id: UUID, way: Way, address: str) -> list[str]:
    """Return what stands for an address in the index, and what did in earlier versions.

    Those took URLs that differ by case for one. No new hash is an old one of another URL.
    """
    normalized = subscribers.normalized(way, address)
    if way is Way.EMAIL:
        texts = [f"{page_id}:{way}:{normalized}"]
    else:
        earlier = f"{page_id}:{way}:{address.strip().lower()}"
        texts = [f"{page_id}:{way}:url:{normalized}", earlier]
    key = runtime().config.encryption_key
    return [hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for text in texts]


def read(subscriber_id: UUID) -> Subscription | None:
    """Return a subscription; None when there is none any more."""
    with transaction() as tx:
        row = tx.session.get(PageSubscriber, subscriber_id)
        result = _subscription(tx, row) if row is not None else None
    return result


def confirm(subscriber_id: UUID) -> bool:
    """Confirm a subscription; False when there is none any more."""
    with transaction() as tx:
        row = tx.session.get(PageSubscriber, subscriber_id, with_for_update={"key_share": True})
        if row is None:
            return False
        if row.confirmed_at is None:
            row.confirmed_at, row.expires_at = tx.now(), None
        row.bounces, row.paused_at = 0, None
    return True


def change(
    subscriber_id: UUID,
    wants: Wants,
    service_keys: Collection[str],
    *,
    kept_unless: Collection[str] | None,
) -> bool:
    """Change what somebody is told of; False when there is no subscription any more.

    With `kept_unless`, the keys that could be chosen, services chosen earlier that are not among
    them stay chosen. Raises Invalid for keys of which one is unknown.
    """
    with transaction() as tx:
        row = tx.session.get(PageSubscriber, subscriber_id, with_for_update={"key_share": True})
        if row is None:
            return False
        row.wants = wants
        chosen = _services(tx, row.status_page_id, service_keys)
        if kept_unless is not None:
            keys = services.keys(tx, row.status_page_id)
            chosen += [id for id in row.service_ids if keys.get(id) not in kept_unless]
        row.service_ids = list(dict.fromkeys(chosen))
    return True


def end(subscriber_id: UUID) -> None:
    """End a subscription: the address and all that is still to be sent to it are deleted."""
    with transaction() as tx:
        tx.session.execute(delete_rows(PageSubscriber).where(PageSubscriber.id == subscriber_id))
        tx.session.execute(
            delete_rows(Notification).where(
                Notification.recipient_key == recipient_key(subscriber_id)
            )
        )


def forget() -> int:
    """Delete those who did not confirm in time; return how many."""
    with transaction() as tx:
        gone = tx.session.scalars(
            delete_rows(PageSubscriber)
            .where(PageSubscriber.confirmed_at.is_(None), PageSubscriber.expires_at < func.now())
            .returning(PageSubscriber.id)
        ).all()
    return len(gone)


def check_room(tx: Transaction, page: StatusPage, wanted: int) -> None:
    """Raise Forbidden unless the plan of a page's organization allows so many subscribers more."""
    if not runtime().config.plan_limits:
        return
    organization = tx.session.get_one(Organization, page.organization_id)
    most = MAX_SUBSCRIBERS.get(organization.plan_type)
    if most is None:
        return
    count = tx.session.scalar(
        select(func.count())
        .select_from(PageSubscriber)
        .where(PageSubscriber.organization_id == page.organization_id)
    )
    if (count or 0) + wanted > most:
        raise Forbidden(f"the {organization.plan_type} plan allows at most {most} subscribers")


def _services(tx: Transaction, page_id: UUID, chosen: Collection[str]) -> list[UUID]:
    """Return the services of keys. Raises Invalid: with none of them left all would be meant."""
    if not chosen:
        return []
    by_key = {key: id for id, key in services.keys(tx, page_id).items()}
    for key in chosen:
        if key not in by_key:
            raise unknown_service(key)
    return list(dict.fromkeys(by_key[key] for key in chosen))


def unknown_service(key: str) -> Invalid:
    """Return the refusal of a key of no service on a page."""
    text = f"There is no service {key} on this page."
    return refused("service_ids", InvalidCode.UNKNOWN_REFERENCE, text)


def _subscription(tx: Transaction, row: PageSubscriber) -> Subscription:
    page = tx.session.get_one(StatusPage, row.status_page_id)
    keys = services.keys(tx, page.id)
    address: Any = reveal(row.address, runtime().vault)
    return Subscription(
        id=row.id,
        page_id=page.id,
        slug=page.slug,
        kind=row.kind,
        address=address,
        wants=row.wants,
        service_keys=tuple(keys[id] for id in row.service_ids if id in keys),
        has_deleted=any(id not in keys for id in row.service_ids),
        is_confirmed=row.confirmed_at is not None,
    )
