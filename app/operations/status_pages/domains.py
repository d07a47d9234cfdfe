"""Host names of pages: which are to be looked up, and what the records said."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from app.models.status_pages import StatusPage
from app.operations import rows as owned_rows
from app.operations.status_pages import snapshots
from app.operations.status_pages.pages import TXT_LABEL
from app.platform.bootstrap import runtime
from app.platform.transaction import transaction

_WAITING_EVERY, _VERIFIED_EVERY = timedelta(seconds=30), timedelta(hours=1)
_TAKEN = "another page serves this host"


@dataclass(frozen=True, slots=True)
class Records:
    """What is looked for: either of the two records verifies a host."""

    page_id: UUID
    domain: str
    cname: str
    txt_name: str
    txt_value: str


def due() -> list[Records]:
    """Return the hosts that are to be looked up now."""
    with transaction() as tx:
        now = tx.now()
        rows = tx.session.scalars(
            select(StatusPage).where(
                StatusPage.custom_domain.is_not(None),
                or_(
                    StatusPage.domain_checked_at.is_(None),
                    StatusPage.domain_checked_at < now - _VERIFIED_EVERY,
                    StatusPage.domain_verified_at.is_(None)
                    & (StatusPage.domain_checked_at < now - _WAITING_EVERY),
                ),
            )
        )
        found = [
            Records(
                page_id=row.id,
                domain=row.custom_domain or "",
                cname=urlsplit(runtime().config.base_url).hostname or "",
                txt_name=f"{TXT_LABEL}.{row.custom_domain}",
                txt_value=row.domain_token,
            )
            for row in rows
        ]
    return found


def record(records: Records, seen: str, *, is_right: bool) -> None:
    """Write down what the records of a host said; a right one has the page served there."""
    try:
        _record(records, seen, is_right=is_right)
    except IntegrityError:
        _record(records, _TAKEN, is_right=False)


def _record(records: Records, seen: str, *, is_right: bool) -> None:
    with transaction() as tx:
        page = tx.session.get(StatusPage, records.page_id, with_for_update={"key_share": True})
        if page is None or page.custom_domain != records.domain:
            return
        now = tx.now()
        page.domain_checked_at, page.domain_answer = now, seen
        if is_right and page.domain_verified_at is None:
            page.domain_verified_at = now
            snapshots.wanted(tx, page.id)


def check_again(organization_id: UUID, page_id: UUID) -> None:
    """Have the host of a page looked up at once. Raises NotFound."""
    with transaction() as tx:
        page = owned_rows.lock(tx, StatusPage, organization_id, page_id)
        page.domain_checked_at = None
