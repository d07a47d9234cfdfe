"""Logos that stand elsewhere: which are to be fetched, and what came."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm.attributes import flag_modified

from app.domain.status_pages import branding
from app.models.status_pages import StatusPage
from app.operations.status_pages import snapshots
from app.platform.events import timestamp
from app.platform.transaction import transaction

_AGAIN_AFTER = timedelta(hours=1)
_A_ROUND = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """A logo of a page to fetch."""

    organization_id: UUID
    page_id: UUID
    address: str


def due() -> list[Wanted]:
    """Return logos that nobody has fetched, and those that failed an hour ago."""
    with transaction() as tx:
        now = tx.now()
        rows = tx.session.execute(
            select(
                StatusPage.organization_id, StatusPage.id, StatusPage.branding, StatusPage.logos
            ).where(or_(*(StatusPage.branding.has_key(name) for name in branding.LOGOS)))
        )
        found = [
            Wanted(organization_id, page_id, address)
            for organization_id, page_id, look, fetched in rows
            for address in branding.addresses(look)
            if _is_due(fetched.get(address), now)
        ]
    return found[:_A_ROUND]


def keep(wanted: Wanted, *, data: str | None, error: str | None) -> None:
    """Store a logo, or why there is none; those that a page does not name any more go."""
    with transaction() as tx:
        page = tx.session.get(StatusPage, wanted.page_id, with_for_update={"key_share": True})
        if page is None:
            return
        names = branding.addresses(page.branding)
        kept = {name: one for name, one in page.logos.items() if name in names}
        if wanted.address in names:
            failed = {"error": error, "at": timestamp(tx.now())}
            kept[wanted.address] = {"data": data} if data else failed
        page.logos = kept
        flag_modified(page, "updated_at")  # written as it is: nobody has edited the page
        snapshots.wanted(tx, page.id)


def _is_due(stored: dict[str, Any] | None, now: datetime) -> bool:
    if stored is None:
        return True
    at = stored.get("at")
    return at is not None and datetime.fromisoformat(at) < now - _AGAIN_AFTER
