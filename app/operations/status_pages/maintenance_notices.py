"""Notices of maintenance to subscribers: announced, a day ahead, begun, over, longer; each once."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, any_, delete, select

from app.domain.maintenance.windows import Occurrence, covers
from app.domain.status_pages import maintenance
from app.domain.status_pages.languages import listing, sentence
from app.domain.status_pages.maintenance import Notice
from app.domain.status_pages.types import Wants
from app.models.maintenance_windows import MaintenanceWindow as StoredWindow
from app.models.status_pages import PageNotice, StatusPage
from app.operations.snapshots.alerting import window_of
from app.operations.status_pages import services, subscriber_messages, windows
from app.operations.status_pages.incident_notices import public_names
from app.operations.status_pages.subscriber_messages import moment
from app.operations.status_pages.windows import PageWindow
from app.platform.events import timestamp
from app.platform.transaction import Transaction, transaction

_LOOKED_BACK = timedelta(hours=1)
_SETTING = {
    Notice.ANNOUNCED: "maintenance_announced",
    Notice.REMINDER: "maintenance_reminder",
    Notice.STARTED: "maintenance_started",
    Notice.ENDED: "maintenance_ended",
    Notice.CHANGED: "maintenance_announced",
    Notice.CANCELLED: "maintenance_announced",
}


def pages() -> list[UUID]:
    """Return the pages that maintenance windows name."""
    with transaction() as tx:
        found = tx.session.scalars(
            select(StatusPage.id).where(
                select(StoredWindow.id)
                .where(
                    StoredWindow.organization_id == StatusPage.organization_id,
                    StatusPage.id == any_(StoredWindow.status_page_ids),
                )
                .exists()
            )
        ).all()
    return list(found)


def notify(page_id: UUID) -> int:
    """Send the notices that are due about the windows of a page; return how many."""
    count = 0
    with transaction() as tx:
        page = tx.session.get(StatusPage, page_id, with_for_update={"key_share": True})
        if page is None:
            return 0
        now = tx.now()
        announced = windows.announced(tx, page.id, now)
        for one in windows.of_organization(tx, page.organization_id):
            if page.id in one.row.status_page_ids:
                count += _window(tx, page, one, now, is_announced=one.row.id in announced)
    return count


def _window(
    tx: Transaction, page: StatusPage, one: PageWindow, now: datetime, *, is_announced: bool
) -> int:
    since = now - _LOOKED_BACK
    shown = maintenance.appearances(one.window, since, now, is_announced=is_announced)
    sent = _sent_notices(tx, page, one.row)
    comes_once = one.window.recurrence is None
    due = maintenance.notices(shown, sent, one.row.created_at, now, comes_once=comes_once)
    if comes_once and any(appearance.occurrence.starts_at not in sent for _, appearance in due):
        # It was moved: what was told of its earlier time is over.
        _forget(tx, PageNotice.status_page_id == page.id, PageNotice.window_id == one.row.id)
    for notice, appearance in due:
        _enqueue(tx, page, one, notice, appearance.occurrence, now)
    return len(due)


def withdraw(
    tx: Transaction, window: StoredWindow, page_ids: Collection[UUID], now: datetime
) -> None:
    """Notify that a window is off, before it is deleted or taken from these pages."""
    known = window_of(window)
    if known is None or not page_ids:
        return
    one = PageWindow(window, known)
    pages = tx.session.scalars(
        select(StatusPage)
        .where(
            StatusPage.organization_id == window.organization_id,
            StatusPage.id.in_(list(page_ids)),
        )
        .order_by(StatusPage.id)
        .with_for_update(key_share=True)
    )
    for page in pages:
        for notice, occurrence in maintenance.withdrawn(_sent_notices(tx, page, window), now):
            _enqueue(tx, page, one, notice, occurrence, now)
        # Whoever names the page again begins anew.
        tx.session.flush()
        _forget(tx, PageNotice.status_page_id == page.id, PageNotice.window_id == window.id)


def _forget(tx: Transaction, *where: ColumnElement[bool]) -> None:
    tx.session.execute(delete(PageNotice).where(*where))


def _sent_notices(
    tx: Transaction, page: StatusPage, window: StoredWindow
) -> dict[datetime, dict[Notice, datetime]]:
    """Return the notices there were of a window, by the beginning they spoke of."""
    sent: dict[datetime, dict[Notice, datetime]] = {}
    for row in tx.session.scalars(
        select(PageNotice).where(
            PageNotice.status_page_id == page.id, PageNotice.window_id == window.id
        )
    ):
        sent.setdefault(row.starts_at, {})[Notice(row.kind)] = row.ends_at
    return sent


def _store(
    tx: Transaction,
    page: StatusPage,
    one: PageWindow,
    notice: Notice,
    occurrence: Occurrence,
    now: datetime,
) -> None:
    """Remember that a notice was sent, so that it is sent once."""
    if notice is Notice.ANNOUNCED:  # also one that was called off, and comes after all
        _forget(
            tx,
            PageNotice.status_page_id == page.id,
            PageNotice.window_id == one.row.id,
            PageNotice.starts_at == occurrence.starts_at,
        )
    tx.session.merge(
        PageNotice(
            status_page_id=page.id,
            window_id=one.row.id,
            starts_at=occurrence.starts_at,
            kind=notice,
            ends_at=occurrence.ends_at,
            at=now,
        )
    )


def _enqueue(
    tx: Transaction,
    page: StatusPage,
    one: PageWindow,
    notice: Notice,
    occurrence: Occurrence,
    now: datetime,
) -> None:
    _store(tx, page, one, notice, occurrence, now)
    if not page.notify.get(_SETTING[notice], True):
        return
    begin, end = occurrence.starts_at, occurrence.ends_at
    key = maintenance.public_key(page.id, one.row.id, one.window, begin)
    candidates = services.candidates(tx, page.organization_id)
    ids = services.shown(page.sections, candidates)
    tags = {candidate.id: candidate.tags for candidate in candidates}
    hit = [id for id in ids if covers(one.window, id, tags[id])]
    names = public_names(tx, page, hit) if len(hit) < len(ids) else []
    language = page.language
    lines = [
        sentence(language, f"notice_{notice}"),
        sentence(language, "from_to", from_=moment(page, begin), to=moment(page, end)),
        sentence(language, "affected", names=listing(language, names)) if names else "",
        one.row.description,
    ]
    subscriber_messages.enqueue_update(
        tx,
        page,
        topic=Wants.MAINTENANCE,
        event=f"maintenance.{notice}",
        subject_key=f"page-maintenance:{key}",
        path=f"maintenance/{key}",
        title=f"{sentence(language, 'maintenance')}: {one.row.name}",
        text="\n\n".join(line for line in lines if line),
        affected=hit if len(hit) < len(ids) else [],
        data={
            "maintenance": {
                "id": key,
                "title": one.row.name,
                "starts_at": timestamp(begin),
                "ends_at": timestamp(end),
                "services": names,
            }
        },
        now=now,
    )
