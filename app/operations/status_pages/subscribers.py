"""The subscribers of a page as its admins see them: listed, brought along, taken out."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from app.domain.csv_cells import csv_cell
from app.domain.status_pages.subscribers import UNCONFIRMED_KEPT
from app.domain.status_pages.types import Way
from app.models.notification_channels import Notification
from app.models.status_pages import PageSubscriber, StatusPage
from app.operations import audit
from app.operations import rows as owned_rows
from app.operations.notifications.subscriber_results import recipient_key
from app.operations.resource import ChildResource, Parent
from app.operations.status_pages import subscriptions
from app.platform.bootstrap import runtime
from app.platform.errors import Conflict, TooManyRequests
from app.platform.transaction import Transaction, transaction
from app.security.sealing import reveal

_CONFIRMED = "this subscriber has confirmed, and is told"
_ASKED_OFTEN = "three messages to confirm were sent within a day; more would be a nuisance"
_A_DAY_SECONDS = 86_400
_STATES: Mapping[str, Sequence[ColumnElement[bool]]] = {
    "confirmed": (PageSubscriber.confirmed_at.is_not(None), PageSubscriber.paused_at.is_(None)),
    "unconfirmed": (PageSubscriber.confirmed_at.is_(None),),
    "paused": (PageSubscriber.paused_at.is_not(None),),
}
_COLUMNS = ("kind", "address", "wants", "state", "confirmed_at", "created_at")


class _Subscribers(ChildResource[PageSubscriber]):
    model = PageSubscriber
    parent = StatusPage
    parent_column = "status_page_id"

    def conditions(self, who: Parent, filters: Mapping[str, Any]) -> Sequence[ColumnElement[bool]]:
        where = [*super().conditions(who, {})]
        if "kind" in filters:
            where.append(PageSubscriber.kind == filters["kind"])
        if "state" in filters:
            where += _STATES[filters["state"]]
        if "address" in filters:
            address = filters["address"]
            hashes = [one for way in Way for one in subscriptions.hashes(who.id, way, address)]
            where.append(PageSubscriber.address_hash.in_(hashes))
        return where

    def deleting(self, tx: Transaction, who: Parent, row: PageSubscriber) -> None:
        """Delete what is still to be sent to them."""
        key = recipient_key(row.id)
        for message in tx.session.scalars(
            select(Notification).where(Notification.recipient_key == key)
        ):
            tx.session.delete(message)

    def to_json(
        self, tx: Transaction, who: Parent, rows: Sequence[PageSubscriber]
    ) -> list[dict[str, Any]]:
        return [_to_json(row) for row in rows]


_SUBSCRIBERS = _Subscribers()
listed, delete = _SUBSCRIBERS.listed, _SUBSCRIBERS.delete


def counts(organization_id: UUID, page_id: UUID) -> dict[str, Any]:
    """Return how many subscribers there are, by way and by state. Raises NotFound."""
    with transaction() as tx:
        owned_rows.find(tx, StatusPage, organization_id, page_id)
        rows = list(_all(tx, page_id))
    return {
        "total": len(rows),
        "by_kind": dict(Counter(row.kind for row in rows)),
        "by_state": dict(Counter(_state(row) for row in rows)),
    }


def export(organization_id: UUID, page_id: UUID) -> str:
    """Return the subscribers as CSV; the log says who took it. Raises NotFound."""
    with transaction() as tx:
        page = owned_rows.find(tx, StatusPage, organization_id, page_id)
        rows = [_to_json(row) for row in _all(tx, page_id)]
        audit.record(
            tx,
            "status_page_subscriber.exported",
            organization_id=organization_id,
            resource_type="status_page",
            resource_id=page.id,
            resource_name=page.name,
            after={"count": len(rows)},
        )
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for row in rows:
        writer.writerow([csv_cell(row[name]) for name in _COLUMNS])
    return text.getvalue()


def bring(
    organization_id: UUID, page_id: UUID, emails: Sequence[str], reason: str | None
) -> dict[str, int]:
    """Add addresses: each is asked to confirm, or with a reason counts as having consented.

    Return how many are new, and how many were known. Raises NotFound, and Forbidden, with none of
    them added, where the plan does not allow that many.
    """
    with transaction() as tx:
        page = owned_rows.lock(tx, StatusPage, organization_id, page_id)
        now = tx.now()
        by_hash = {subscriptions.hashed(page.id, Way.EMAIL, email): email for email in emails}
        known = set(
            tx.session.scalars(
                select(PageSubscriber.address_hash).where(
                    PageSubscriber.status_page_id == page.id,
                    PageSubscriber.address_hash.in_(list(by_hash)),
                )
            )
        )
        fresh = [email for one, email in by_hash.items() if one not in known]
        subscriptions.check_room(tx, page, len(fresh))
        for email in fresh:
            row = subscriptions.added(tx, page, Way.EMAIL, email)
            if reason is not None:
                row.confirmed_at = now
            else:
                row.expires_at = now + UNCONFIRMED_KEPT
                subscriptions.ask(tx, page, row, now)
        audit.record(
            tx,
            "status_page_subscriber.imported",
            organization_id=organization_id,
            resource_type="status_page",
            resource_id=page.id,
            resource_name=page.name,
            after={"count": len(emails), "consent": reason},
        )
    return {"added": len(fresh), "known": len(emails) - len(fresh)}


def ask_again(organization_id: UUID, page_id: UUID, subscriber_id: UUID) -> dict[str, Any]:
    """Send the message that asks to confirm once more, and return the subscriber.

    One whose messages were refused is asked too, and is told again after confirming. Raises
    NotFound, Conflict for one who is told already, TooManyRequests after three within a day.
    """
    with transaction() as tx:
        page = owned_rows.find(tx, StatusPage, organization_id, page_id)
        row = _SUBSCRIBERS.lock(tx, Parent(organization_id, page_id), subscriber_id)
        if row.confirmed_at is not None and row.paused_at is None:
            raise Conflict(_CONFIRMED)
        now = tx.now()
        if not subscriptions.ask(tx, page, row, now):
            raise TooManyRequests(_ASKED_OFTEN, _A_DAY_SECONDS)
        if row.confirmed_at is None:
            row.expires_at = now + UNCONFIRMED_KEPT
        result = _to_json(row)
    return result


def _all(tx: Transaction, page_id: UUID) -> list[PageSubscriber]:
    return list(
        tx.session.scalars(
            select(PageSubscriber)
            .where(PageSubscriber.status_page_id == page_id)
            .order_by(PageSubscriber.created_at, PageSubscriber.id)
        )
    )


def _state(row: PageSubscriber) -> str:
    if row.paused_at is not None:
        return "paused"
    return "confirmed" if row.confirmed_at is not None else "unconfirmed"


def _to_json(row: PageSubscriber) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "address": reveal(row.address, runtime().vault),
        "wants": row.wants,
        "service_ids": row.service_ids,
        "state": _state(row),
        "bounces": row.bounces,
        "last_error": row.last_error,
        "confirmed_at": row.confirmed_at,
        "created_at": row.created_at,
    }
