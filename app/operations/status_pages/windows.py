"""Maintenance windows as pages show them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.domain.maintenance.windows import MaintenanceWindow, covers, next_change_at
from app.domain.status_pages import maintenance
from app.domain.status_pages.maintenance import CANCELLED_KEPT, MaintenanceState, Notice
from app.models.maintenance_windows import MaintenanceWindow as StoredWindow
from app.operations.snapshots.alerting import window_of
from app.platform.transaction import Transaction

_NEXT_SEQUENCE = timedelta(seconds=1)  # numbers of changes in calendars are seconds
_ANNOUNCED = f"""
SELECT DISTINCT window_id FROM page_notices WHERE status_page_id = %s AND starts_at > %s
GROUP BY window_id, starts_at HAVING NOT bool_or(kind = '{Notice.CANCELLED}')
"""  # noqa: S608  constants


@dataclass(frozen=True, slots=True)
class PageWindow:
    """A window of the organization, read once."""

    row: StoredWindow
    window: MaintenanceWindow


def of_organization(tx: Transaction, organization_id: UUID) -> list[PageWindow]:
    """Return the windows of an organization that can be read."""
    rows = tx.session.scalars(
        select(StoredWindow).where(StoredWindow.organization_id == organization_id)
    )
    return [PageWindow(row, window) for row in rows if (window := window_of(row)) is not None]


def announced(tx: Transaction, page_id: UUID, now: datetime) -> set[UUID]:
    """Return the windows of which a page has announced what is still to come."""
    return {window_id for (window_id,) in tx.driver.execute(_ANNOUNCED, (page_id, now)).fetchall()}


def shown(
    page_id: UUID,
    windows: Sequence[PageWindow],
    services: Mapping[UUID, Any],
    now: datetime,
    *,
    since: datetime,
    announced: Collection[UUID],
) -> list[dict[str, Any]]:
    """Return the occurrences of the windows that name a page, in order of their beginning.

    `services` are the `Shown` of the page by id, `announced` the windows that it has announced.
    """
    found = []
    for one in windows:
        if page_id not in one.row.status_page_ids:
            continue
        hit = [s for id, s in services.items() if covers(one.window, id, s.service.tags)]
        is_all = len(hit) == len(services)
        down = [s.service.status_changed_at for s in hit if s.service.status == "RED"]
        is_announced = one.row.id in announced
        for appearance in maintenance.appearances(
            one.window, since, now, is_announced=is_announced
        ):
            begin, end = appearance.occurrence.starts_at, appearance.occurrence.ends_at
            is_done = appearance.state is MaintenanceState.DONE
            found.append(
                {
                    "key": maintenance.public_key(page_id, one.row.id, one.window, begin),
                    "title": one.row.name,
                    "description": one.row.description,
                    "state": appearance.state,
                    "starts_at": begin,
                    "ends_at": end,
                    "affected": [] if is_all else [s.key for s in hit],
                    "took_longer": is_done
                    and maintenance.took_longer(end, [at for at in down if at], now),
                    "updated_at": max(one.row.created_at, min(now, one.row.updated_at)),
                }
            )
    return sorted(found, key=lambda entry: (entry["starts_at"], entry["key"]))


def cancelled(
    before: Mapping[str, Any], shown: Sequence[dict[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """Return the maintenance that a page had announced as coming, and that does not come.

    `before` are `maintenance` and `cancelled` of the page's last documents, `shown` all that it
    shows now. Each is kept for 30 days after its end, also where it comes after all: calendars
    take what has changed by its time, so such a one in `shown` gets a later `updated_at`.
    """
    here = {entry["key"]: entry for entry in shown}
    found = {entry["key"]: entry for entry in before["cancelled"]}
    for entry in before["maintenance"]:
        was_coming = entry["state"] == MaintenanceState.COMING
        if was_coming and entry["key"] not in here and _moment(entry["ends_at"]) > now:
            at = max(now, _moment(entry["updated_at"]) + _NEXT_SEQUENCE)
            found[entry["key"]] = {
                **entry, "state": MaintenanceState.CANCELLED, "description": "", "updated_at": at,
            }  # fmt: skip
    for key, entry in found.items():
        if key in here:
            later = _moment(entry["updated_at"]) + _NEXT_SEQUENCE
            here[key]["updated_at"] = max(here[key]["updated_at"], later)
    kept = [one for one in found.values() if _moment(one["ends_at"]) > now - CANCELLED_KEPT]
    return sorted(kept, key=lambda entry: entry["key"])


def _moment(value: datetime | str) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def next_change(windows: Sequence[PageWindow], now: datetime) -> datetime | None:
    """Return when the next window begins or ends."""
    moments = [next_change_at(one.window, now) for one in windows]
    return min((at + timedelta(milliseconds=50) for at in moments if at), default=None)
