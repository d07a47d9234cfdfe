"""Heartbeats: created, changed and deleted."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, any_, literal, select

from app.domain.accounts.slugs import slugify
from app.domain.heartbeats import heartbeats as decisions
from app.domain.heartbeats.schedules import Every, ScheduleError, parse
from app.domain.heartbeats.states import Flip, HeartbeatState, HeartbeatStatus
from app.models.alerts import Alert
from app.models.escalation_policies import EscalationPolicy
from app.models.heartbeats import Heartbeat
from app.models.notification_channels import NotificationChannel
from app.operations import rows as owned_rows
from app.operations.alerts import closing, edits
from app.operations.escalation import assignments
from app.operations.heartbeats import flips as heartbeat_flips
from app.operations.heartbeats.rows import add_flips, definition_of, state_of, stored_runs
from app.operations.resource import Most, Resource
from app.operations.rows import Columns, References, refused
from app.platform.bootstrap import runtime
from app.platform.errors import InvalidCode
from app.platform.transaction import Transaction, transaction

OLD_KEY_LIFETIME = timedelta(hours=1)
# A ping that comes up to a minute early meets a time ahead; beyond that it is the clock.
_CLOCK_STEP = timedelta(minutes=2)
_BATCH = 1000
DEFAULTS: Columns = {
    "description": "",
    "schedule": "every 1h",
    "timezone": "UTC",
    "grace_period_seconds": 300,
    "tags": [],
    "severity": "critical",
    "notification_channel_ids": [],
    "escalation_policy_id": None,
    "max_runtime_seconds": None,
    "min_interval_seconds": None,
    "min_duration_seconds": None,
    "max_duration_seconds": None,
    "is_active": True,
}
_REFERENCES: References = {
    "notification_channel_ids": (NotificationChannel, "notification channel"),
    "escalation_policy_id": (EscalationPolicy, "escalation policy"),
}
_FIELDS = (
    "id",
    "organization_id",
    "name",
    "description",
    "schedule",
    "timezone",
    "grace_period_seconds",
    "tags",
    "severity",
    "notification_channel_ids",
    "escalation_policy_id",
    "max_runtime_seconds",
    "min_interval_seconds",
    "min_duration_seconds",
    "max_duration_seconds",
    "is_active",
    "unique_key",
    "previous_key_until",
    "badge_key",
    "status",
    "status_reason",
    "status_changed_at",
    "last_ping_at",
    "last_duration_ms",
    "created_at",
    "updated_at",
)
_CODES = {
    "schedule": InvalidCode.MALFORMED,
    "timezone": InvalidCode.UNKNOWN_TIME_ZONE,
}
# An edit of these begins the wait anew.
_TIMING = ("schedule", "timezone", "grace_period_seconds", "max_runtime_seconds")


def new_key(name: str) -> str:
    """Return a key for pings: 128 random bits behind a name that people recognise."""
    return f"{slugify(name, 'heartbeat')}-{uuid4().hex}"


class _Heartbeats(Resource[Heartbeat, UUID]):
    model = Heartbeat
    most = Most(100_000, "heartbeats")
    is_referred_to = True  # by sweeps, which then wait for its alert

    def conditions(self, who: UUID, filters: Columns) -> list[ColumnElement[bool]]:
        return [_FILTERS[name](value) for name, value in filters.items()]

    def begin(self, tx: Transaction, who: UUID) -> None:
        owned_rows.lock_organization(tx, who)  # what it names is not deleted meanwhile

    def new_columns(self, tx: Transaction, who: UUID, id: UUID, data: Columns) -> Columns:
        """Return a new heartbeat, awaited from now on. Raises Invalid, naming the field."""
        values = {**DEFAULTS, **data}
        _validate(values)
        owned_rows.require_references(tx, who, data, _REFERENCES)
        state = decisions.created(definition_of(Heartbeat(id=id, **values)), tx.now())
        if not values["is_active"]:
            state = decisions.paused(state)
        return {**values, **_state_columns(state), "unique_key": new_key(values["name"])}

    def changed_columns(
        self, tx: Transaction, who: UUID, row: Heartbeat, changes: Columns
    ) -> Columns:
        """Return what an edit changes. Raises Invalid, naming the field."""
        values = {name: new for name, new in changes.items() if getattr(row, name) != new}
        _validate({name: values.get(name, getattr(row, name)) for name in DEFAULTS})
        owned_rows.require_references(tx, who, values, _REFERENCES)
        return values

    def updated(self, tx: Transaction, row: Heartbeat, before: Columns, changes: Columns) -> None:
        """Bring its state in line with its schedule, and its alert with whom it is meant for."""
        if any(name in changes for name in _TIMING):
            _reschedule(tx, row)
        if "is_active" in changes:
            _switch(tx, row)
        if edits.AUDIENCE & changes.keys():
            edits.follow_heartbeat(tx, row)
        if "escalation_policy_id" in changes:
            assignments.follow_policy(tx, Alert.heartbeat_id == row.id, row.escalation_policy_id)

    def deleting(self, tx: Transaction, who: UUID, row: Heartbeat) -> None:
        """Notify whoever was notified of its alert that it is over."""
        closing.close_heartbeat(tx, row.id, reason="the heartbeat was deleted")

    def to_json(
        self, tx: Transaction, who: UUID, rows: Sequence[Heartbeat]
    ) -> list[dict[str, Any]]:
        return [_to_json(row) for row in rows]


def _matches(part: str) -> ColumnElement[bool]:
    return Heartbeat.name.icontains(part, autoescape=True) | Heartbeat.description.icontains(
        part, autoescape=True
    )


_FILTERS = {
    "status": lambda value: Heartbeat.status == value,
    "tag": lambda value: literal(value) == any_(Heartbeat.tags),
    "is_active": lambda value: Heartbeat.is_active.is_(value),
    "q": _matches,
}
_HEARTBEATS = _Heartbeats()
listed, read, create, update, delete = _HEARTBEATS.operations()


def set_active(organization_id: UUID, heartbeat_id: UUID, *, active: bool) -> dict[str, Any]:
    """Pause a heartbeat, or await it again from now on; return it. Raises NotFound."""
    return update(organization_id, heartbeat_id, {"is_active": active})


def rotate_key(organization_id: UUID, heartbeat_id: UUID) -> dict[str, Any]:
    """Give a heartbeat a new key; the one it had works for another hour. Raises NotFound."""
    with transaction() as tx:
        heartbeat = _HEARTBEATS.lock(tx, organization_id, heartbeat_id)
        heartbeat.previous_key = heartbeat.unique_key
        heartbeat.previous_key_until = tx.now() + OLD_KEY_LIFETIME
        heartbeat.unique_key = new_key(heartbeat.name)
        tx.session.flush()
        rotated = _to_json(heartbeat)
    return rotated


def follow_clock() -> int:
    """Expect anew what was awaited by a clock that has been set back since; return how many."""
    with transaction() as tx:
        now = tx.now()
        found = tx.session.scalars(
            select(Heartbeat)
            .where(Heartbeat.basis_at > now + _CLOCK_STEP, Heartbeat.status != "paused")
            .order_by(Heartbeat.id)
            .limit(_BATCH)
            .with_for_update(key_share=True, skip_locked=True)
        ).all()
        for heartbeat in found:
            _take(heartbeat, decisions.set_back(definition_of(heartbeat), state_of(heartbeat), now))
    return len(found)


def _validate(values: Columns) -> None:
    """Raise Invalid for what single fields cannot say: a schedule, and limits that clash."""
    try:
        schedule = parse(values["schedule"], values["timezone"])
    except ScheduleError as error:
        raise refused(error.field, _CODES[error.field], error.message) from None
    least, most = values["min_duration_seconds"], values["max_duration_seconds"]
    if least is not None and most is not None and least > most:
        raise refused(
            "min_duration_seconds",
            InvalidCode.CONFLICTING_FIELDS,
            "Must not be above max_duration_seconds.",
        )
    apart = values["min_interval_seconds"]
    if apart is not None and isinstance(schedule, Every) and apart > schedule.seconds:
        raise refused(
            "min_interval_seconds",
            InvalidCode.CONFLICTING_FIELDS,
            "Must not be above the period of the schedule.",
        )


def _reschedule(tx: Transaction, heartbeat: Heartbeat) -> None:
    now, definition, before = tx.now(), definition_of(heartbeat), state_of(heartbeat)
    if before.status is HeartbeatStatus.PAUSED:
        return
    moved = decisions.rescheduled(definition, before, now)
    _take(heartbeat, decisions.evaluate(definition, moved, now).state)
    _record(tx, heartbeat, before)


def _switch(tx: Transaction, heartbeat: Heartbeat) -> None:
    before = state_of(heartbeat)
    if heartbeat.is_active:
        _take(heartbeat, decisions.resumed(definition_of(heartbeat), before, tx.now()))
    else:
        _take(heartbeat, decisions.paused(before))
    _record(tx, heartbeat, before)


def _record(tx: Transaction, heartbeat: Heartbeat, before: HeartbeatState) -> None:
    """Store a change of status that an edit has brought, and see to its alert."""
    after, now = HeartbeatStatus(heartbeat.status), tx.now()
    if before.status is after:
        return
    heartbeat.status_changed_at = now
    reason = heartbeat.status_reason
    if before.status is HeartbeatStatus.MISSED and heartbeat.is_active and not after.is_down:
        reason = "the schedule was changed"  # no ping came
    flip = Flip(now, before.status, after, reason)
    tx.session.flush()
    if add_flips(tx.driver.cursor(), [(heartbeat.id, flip)]):
        tx.after_commit(heartbeat_flips.wake_sweep)


def _take(heartbeat: Heartbeat, state: HeartbeatState) -> None:
    for name, value in _state_columns(state).items():
        setattr(heartbeat, name, value)


def _state_columns(state: HeartbeatState) -> dict[str, Any]:
    return {
        "status": state.status.value,
        "status_reason": state.reason,
        "basis_at": state.basis_at,
        "miss_at": state.miss_at,
        "next_expected_at": state.expected_at,
        "open_runs": stored_runs(state),
        "is_extended": state.is_extended,
        "last_success_at": state.last_success_at,
        "next_look_at": decisions.next_change_at(state),
    }


def _to_json(heartbeat: Heartbeat) -> dict[str, Any]:
    base = f"{runtime().config.ping_url}/api/v1"
    return {name: getattr(heartbeat, name) for name in _FIELDS} | {
        "ping_url": f"{base}/heartbeat/{heartbeat.unique_key}",
        "badge_url": f"{base}/badges/{heartbeat.badge_key}/status.svg",
        "next_expected_at": heartbeat.next_expected_at if heartbeat.is_active else None,
        "running": len(heartbeat.open_runs),
    }
