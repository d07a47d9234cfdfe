"""Create, change and delete heartbeats."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from app.domain.accounts.slugs import slugify
from app.domain.heartbeats import heartbeats as decisions
from app.domain.heartbeats.schedules import Every, ScheduleError, parse
from app.domain.heartbeats.states import Flip, HeartbeatState, HeartbeatStatus
from app.models.escalation_policies import EscalationPolicy
from app.models.heartbeats import Heartbeat
from app.models.notification_channels import NotificationChannel
from app.operations import rows as owned_rows
from app.operations.alerts import closing, edits
from app.operations.heartbeats import flips as heartbeat_flips
from app.operations.heartbeats.queries import answer
from app.operations.heartbeats.rows import add_flips, definition_of, state_of, stored_runs
from app.operations.rows import refused
from app.platform.transaction import Transaction, transaction

Columns = Mapping[str, Any]

OLD_KEY_LIFETIME = timedelta(hours=1)
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
# An edit of these begins the wait anew.
_TIMING = ("schedule", "timezone", "grace_period_seconds", "max_runtime_seconds")


def new_key(name: str) -> str:
    """Return a key for pings: 128 random bits behind a name that people recognise."""
    return f"{slugify(name, 'heartbeat')}-{uuid4().hex}"


def create(organization_id: UUID, given: Columns) -> dict[str, Any]:
    """Create a heartbeat and return its answer. Raises Invalid, naming the field."""
    whole = {**DEFAULTS, **given}
    _validate(whole)
    with transaction() as tx:
        _check_references(tx, organization_id, given)
        heartbeat = Heartbeat(
            organization_id=organization_id, unique_key=new_key(whole["name"]), **whole
        )
        state = decisions.created(definition_of(heartbeat), tx.now())
        _take(heartbeat, state if heartbeat.is_active else decisions.paused(state))
        tx.session.add(heartbeat)
        tx.session.flush()
        tx.session.refresh(heartbeat)
        found = answer(heartbeat)
    return found


def update(organization_id: UUID, heartbeat_id: UUID, given: Columns) -> dict[str, Any]:
    """Change the given fields and return the answer. Raises NotFound; Invalid, naming the field."""
    with transaction() as tx:
        heartbeat = owned_rows.lock(tx, Heartbeat, organization_id, heartbeat_id)
        changes = {
            name: value for name, value in given.items() if getattr(heartbeat, name) != value
        }
        _validate({name: changes.get(name, getattr(heartbeat, name)) for name in DEFAULTS})
        _check_references(tx, organization_id, changes)
        for name, value in changes.items():
            setattr(heartbeat, name, value)
        if any(name in changes for name in _TIMING):
            _reschedule(tx, heartbeat)
        if "is_active" in changes:
            _switch(tx, heartbeat)
        if edits.AUDIENCE & changes.keys():
            edits.follow_heartbeat(tx, heartbeat)
        tx.session.flush()
        tx.session.refresh(heartbeat)
        found = answer(heartbeat)
    return found


def set_active(organization_id: UUID, heartbeat_id: UUID, *, active: bool) -> dict[str, Any]:
    """Pause a heartbeat, or await it again from now on; return its answer. Raises NotFound."""
    return update(organization_id, heartbeat_id, {"is_active": active})


def rotate_key(organization_id: UUID, heartbeat_id: UUID) -> dict[str, Any]:
    """Give a heartbeat a new key; the one it had works for another hour. Raises NotFound."""
    with transaction() as tx:
        heartbeat = owned_rows.lock(tx, Heartbeat, organization_id, heartbeat_id)
        heartbeat.previous_key = heartbeat.unique_key
        heartbeat.previous_key_until = tx.now() + OLD_KEY_LIFETIME
        heartbeat.unique_key = new_key(heartbeat.name)
        tx.session.flush()
        tx.session.refresh(heartbeat)
        found = answer(heartbeat)
    return found


def delete(organization_id: UUID, heartbeat_id: UUID) -> None:
    """Delete a heartbeat with its history; whoever heard of its alert hears that it is over.

    Raises NotFound.
    """
    with transaction() as tx:
        heartbeat = owned_rows.lock(
            tx, Heartbeat, organization_id, heartbeat_id, against_references=True
        )
        closing.close_heartbeat(tx, heartbeat.id, reason="the heartbeat was deleted")
        tx.session.delete(heartbeat)


def _validate(whole: Columns) -> None:
    """Raise Invalid for what single fields cannot say: a schedule, and limits that clash."""
    try:
        schedule = parse(whole["schedule"], whole["timezone"])
    except ScheduleError as error:
        raise refused(error.field, error.message) from None
    least, most = whole["min_duration_seconds"], whole["max_duration_seconds"]
    if least is not None and most is not None and least > most:
        raise refused("min_duration_seconds", "Must not be above max_duration_seconds.")
    apart = whole["min_interval_seconds"]
    if apart is not None and isinstance(schedule, Every) and apart > schedule.seconds:
        raise refused("min_interval_seconds", "Must not be above the period of the schedule.")


def _check_references(tx: Transaction, organization_id: UUID, columns: Columns) -> None:
    owned_rows.require(
        tx,
        NotificationChannel,
        organization_id,
        columns.get("notification_channel_ids") or (),
        field="notification_channel_ids",
        what="notification channel",
    )
    policy_id = columns.get("escalation_policy_id")
    owned_rows.require(
        tx,
        EscalationPolicy,
        organization_id,
        () if policy_id is None else (policy_id,),
        field="escalation_policy_id",
        what="escalation policy",
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
    heartbeat.status, heartbeat.status_reason = state.status.value, state.reason
    heartbeat.basis_at, heartbeat.miss_at = state.basis_at, state.miss_at
    heartbeat.next_expected_at = state.expected_at
    heartbeat.open_runs, heartbeat.is_extended = stored_runs(state), state.is_extended
    heartbeat.last_success_at = state.last_success_at
    heartbeat.next_look_at = decisions.next_change_at(state)
