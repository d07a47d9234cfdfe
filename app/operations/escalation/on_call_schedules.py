"""On-call schedules: created, changed, deleted, and overridden for a while."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.models.escalation_policies import OnCallOverride, OnCallSchedule
from app.models.members import Membership, User
from app.operations import paging, usages
from app.operations import rows as owned_rows
from app.operations.resource import Most
from app.operations.rows import Columns, Position, refused
from app.operations.snapshots.resource import SnapshotResource
from app.platform.errors import Forbidden, InvalidCode, NotFound
from app.platform.transaction import Transaction, transaction

MOST_OVERRIDES = 1_000  # of a schedule, that are not over


class _Schedules(SnapshotResource[OnCallSchedule]):
    model = OnCallSchedule
    most = Most(1_000, "on-call schedules")

    def new_columns(self, tx: Transaction, who: UUID, id: UUID, data: Columns) -> Columns:
        _check_layers(tx, who, data)
        return data

    def changed_columns(
        self, tx: Transaction, who: UUID, row: OnCallSchedule, changes: Columns
    ) -> Columns:
        if changes.get("layers") != row.layers:
            _check_layers(tx, who, changes)
        return changes

    def uses(self, tx: Transaction, who: UUID, row: OnCallSchedule) -> list[str]:
        return usages.of_schedule(tx, who, row.id)


_SCHEDULES = _Schedules()
listed, read, create, update, delete = _SCHEDULES.operations()
used_by = _SCHEDULES.used_by


def overrides(
    organization_id: UUID, schedule_id: UUID, *, limit: int, after: Position | None
) -> tuple[list[dict[str, Any]], Position | None]:
    """Return a page of a schedule's overrides, the latest first, and where to go on."""
    query = (
        select(OnCallOverride, User.full_name)
        .join(User, User.id == OnCallOverride.user_id)
        .where(OnCallOverride.schedule_id == schedule_id)
    )
    with transaction() as tx:
        owned_rows.find(tx, OnCallSchedule, organization_id, schedule_id)
        order = (OnCallOverride.starts_at, OnCallOverride.id)
        rows, position = paging.newest_first(tx, query, *order, limit=limit, after=after)
        found = [_override(row.OnCallOverride, row.full_name) for row in rows]
    return found, position


def add_override(
    organization_id: UUID, schedule_id: UUID, user_id: UUID, starts_at: datetime, ends_at: datetime
) -> dict[str, Any]:
    """Put a member on call for a while and return the override.

    Raises NotFound, Invalid; Forbidden where as many are ahead as there may be.
    """
    with transaction() as tx:
        _SCHEDULES.begin(tx, organization_id)
        _SCHEDULES.lock(tx, organization_id, schedule_id)
        if ends_at <= max(starts_at, tx.now()):
            raise refused("to", InvalidCode.WRONG_TIME, "Must lie after from, and in the future.")
        if strangers(tx, organization_id, [user_id]):
            raise refused(
                "user_id", InvalidCode.UNKNOWN_REFERENCE, f"There is no member {user_id}."
            )
        _refuse_many_overrides(tx, schedule_id)
        row = OnCallOverride(
            schedule_id=schedule_id, user_id=user_id, starts_at=starts_at, ends_at=ends_at
        )
        tx.session.add(row)
        tx.session.flush()
        result = _override(row, tx.session.get_one(User, user_id).full_name)
    return result


def _refuse_many_overrides(tx: Transaction, schedule_id: UUID) -> None:
    ahead = (OnCallOverride.schedule_id == schedule_id) & (OnCallOverride.ends_at > tx.now())
    count = tx.session.scalar(select(func.count()).select_from(OnCallOverride).where(ahead))
    if (count or 0) >= MOST_OVERRIDES:
        raise Forbidden(
            f"a schedule has at most {MOST_OVERRIDES} overrides ahead; end one that is not needed"
        )


def delete_override(organization_id: UUID, schedule_id: UUID, override_id: UUID) -> None:
    """End an override at once. Raises NotFound."""
    with transaction() as tx:
        _SCHEDULES.begin(tx, organization_id)
        _SCHEDULES.lock(tx, organization_id, schedule_id)
        row = tx.session.scalar(
            select(OnCallOverride).where(
                OnCallOverride.id == override_id, OnCallOverride.schedule_id == schedule_id
            )
        )
        if row is None:
            raise NotFound
        tx.session.delete(row)


def strangers(tx: Transaction, organization_id: UUID, user_ids: Iterable[UUID]) -> list[UUID]:
    """Return those of the users who are not members of an organization."""
    wanted = list(dict.fromkeys(user_ids))
    members = set(
        tx.session.scalars(
            select(Membership.user_id).where(
                Membership.organization_id == organization_id, Membership.user_id.in_(wanted)
            )
        )
    )
    return [user_id for user_id in wanted if user_id not in members]


def _check_layers(tx: Transaction, organization_id: UUID, data: Columns) -> None:
    layers = data.get("layers", ())
    everybody = [UUID(user) for layer in layers for user in layer["users"]]
    unknown = strangers(tx, organization_id, everybody)
    for at, layer in enumerate(layers):
        for user in layer["users"]:
            if UUID(user) in unknown:
                raise refused(
                    f"layers.{at}.users",
                    InvalidCode.UNKNOWN_REFERENCE,
                    f"There is no member {user}.",
                )


def _override(row: OnCallOverride, full_name: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "schedule_id": row.schedule_id,
        "user_id": row.user_id,
        "full_name": full_name,
        "from": row.starts_at,
        "to": row.ends_at,
    }
