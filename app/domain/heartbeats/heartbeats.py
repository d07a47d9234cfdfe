"""A dead man's switch: what pings and the passing of time make of a heartbeat.

After Healthchecks, with three differences: several runs may be open at once; a run that has
started in time may take until the next one is due (or `max_runtime_seconds`) before its silence
counts; and a gap in our own ability to receive pings is never held against a job.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.heartbeats.schedules import Cron, next_expected
from app.domain.heartbeats.states import (
    FORGET_RUNS_AFTER,
    MAX_OPEN_RUNS,
    Flip,
    Heartbeat,
    HeartbeatState,
    HeartbeatStatus,
    HeartbeatUpdate,
    OpenRun,
    Ping,
    PingKind,
)
from app.domain.messages.text import moment

Gap = tuple[datetime, datetime]
_MOST_EARLY = timedelta(seconds=60)


def created(heartbeat: Heartbeat, at: datetime) -> HeartbeatState:
    """Return the state of a new heartbeat: healthy, and expected for the first time."""
    return _expecting(heartbeat, HeartbeatState(HeartbeatStatus.HEALTHY, at, at, at), at)


def paused(state: HeartbeatState) -> HeartbeatState:
    """Return the state of a heartbeat nobody waits for; its open runs are forgotten."""
    return replace(state, status=HeartbeatStatus.PAUSED, runs=(), reason=None)


def resumed(heartbeat: Heartbeat, state: HeartbeatState, at: datetime) -> HeartbeatState:
    """Return the state after a pause: healthy, and expected from now on."""
    healthy = replace(state, status=HeartbeatStatus.HEALTHY, runs=(), reason=None)
    return _expecting(heartbeat, healthy, at)


def rescheduled(heartbeat: Heartbeat, state: HeartbeatState, at: datetime) -> HeartbeatState:
    """Return the state after an edit of the schedule or its limits.

    What the new schedule would have expected before the edit is not held against the job. One that
    is missed is evaluated anew: it stays so only if it would be missed by the new schedule as well.
    """
    runs = tuple(_with_limits(heartbeat, state, run, at) for run in state.runs)
    moved = _expecting(heartbeat, replace(state, runs=runs), state.basis_at)
    if state.status is HeartbeatStatus.MISSED:
        is_overrun = heartbeat.max_runtime_seconds is not None and any(r.is_overdue for r in runs)
        if moved.miss_at > at and not is_overrun:
            return replace(moved, status=HeartbeatStatus.HEALTHY, reason=None)
    return moved if moved.miss_at > at else _expecting(heartbeat, moved, at)


def set_back(heartbeat: Heartbeat, state: HeartbeatState, at: datetime) -> HeartbeatState:
    """Return the state after the clock was set back to `at`: nothing has happened after that.

    What is open runs on from then, and what is waited for is expected anew.
    """
    last = state.last_success_at
    state = replace(state, last_success_at=None if last is None else min(last, at))
    runs = (replace(run, started_at=min(run.started_at, at)) for run in state.runs)
    limited = tuple(_with_limits(heartbeat, state, run, at) for run in runs)
    return _expecting(heartbeat, replace(state, runs=limited), at)


def _with_limits(
    heartbeat: Heartbeat, state: HeartbeatState, run: OpenRun, at: datetime
) -> OpenRun:
    due_at = _due_at(heartbeat, state, run.started_at)
    return replace(run, due_at=due_at, is_overdue=due_at <= at)


def receive(heartbeat: Heartbeat, state: HeartbeatState, ping: Ping) -> HeartbeatUpdate:
    """Return what a ping changes.

    - success: healthy (running while other runs are open), unless it breaks a limit: too soon
      after the last one, or a run too short or too long.
    - start: a run is open. What is missed or failed stays so until something succeeds.
    - fail: failed at once.
    - log: nothing.

    A paused heartbeat stays so. A ping without a run id ends the run without one, else the only
    one that is open.
    """
    if ping.kind is PingKind.LOG or state.status is HeartbeatStatus.PAUSED:
        return HeartbeatUpdate(state)
    if state.status.is_down:
        state = replace(state, runs=_marked(state.runs, ping.at))
    if ping.kind is PingKind.START:
        return _flipped(state, _started(heartbeat, state, ping), ping.at)
    run = _ended_run(state.runs, ping.run_id)
    duration = max(ping.at - run.started_at, timedelta(0)) if run else None
    oldest = ping.at - FORGET_RUNS_AFTER
    runs = tuple(
        other
        for other in state.runs
        if other is not run and (not other.is_overdue or other.started_at > oldest)
    )
    reason = _fault(heartbeat, state, ping, duration)
    met = _time_met(heartbeat, state, ping.at) if ping.kind is PingKind.SUCCESS else ping.at
    ended = _expecting(heartbeat, replace(state, runs=runs), max(met, state.basis_at))
    status = HeartbeatStatus.FAILED
    if reason is None:
        status = HeartbeatStatus.RUNNING if ended.live_runs else HeartbeatStatus.HEALTHY
    if ping.kind is PingKind.SUCCESS:
        ended = replace(ended, last_success_at=max(ping.at, state.last_success_at or ping.at))
    outcome = _flipped(state, replace(ended, status=status, reason=reason), ping.at)
    took = None if duration is None else duration / timedelta(milliseconds=1)
    return replace(outcome, duration_ms=took)


def evaluate(
    heartbeat: Heartbeat, state: HeartbeatState, now: datetime, gaps: Iterable[Gap] = ()
) -> HeartbeatUpdate:
    """Return what the passing of time changes.

    `gaps` are the intervals, up to now, in which pings could not be received, as far back as the
    state reaches (`basis_at` and the start of every open run). What was due inside one is excused
    and expected anew from its end, and so is a run whose end may have come in one. The state
    returned remembers that.
    """
    if state.status is HeartbeatStatus.PAUSED:
        return HeartbeatUpdate(state)
    gaps = sorted(gaps)
    was, state = state, _excused(heartbeat, state, gaps)
    if state.status.is_down:
        return HeartbeatUpdate(state)
    overdue = [run for run in state.live_runs if run.due_at <= now]
    state = replace(state, runs=_marked(state.runs, now))
    late = []
    for run in overdue:
        if not _end_may_be_lost(run, gaps):
            late.append(run.due_at)
        elif run.due_at > state.basis_at:
            state = _expecting(heartbeat, state, run.due_at)
    if late and heartbeat.max_runtime_seconds is not None:
        reason = f"a run has not ended within {heartbeat.max_runtime_seconds} s"
        return _flipped(was, _with(state, HeartbeatStatus.MISSED, reason), min(late))
    if now >= state.miss_at:
        reason = f"no ping came by {moment(state.miss_at)}"
        return _flipped(was, _with(state, HeartbeatStatus.MISSED, reason), state.miss_at)
    if state.live_runs:
        return _flipped(was, _with(state, HeartbeatStatus.RUNNING), now)
    if now >= state.expected_at:
        reason = f"a ping was expected at {moment(state.expected_at)}"
        return _flipped(was, _with(state, HeartbeatStatus.LATE, reason), state.expected_at)
    return _flipped(was, _with(state, HeartbeatStatus.HEALTHY), now)


def next_change_at(state: HeartbeatState) -> datetime | None:
    """Return when time alone changes the status next; None while only a ping can."""
    if state.status is HeartbeatStatus.PAUSED or state.status.is_down:
        return None
    changes = [state.miss_at, *(run.due_at for run in state.live_runs)]
    if state.status is HeartbeatStatus.HEALTHY:
        changes.append(state.expected_at)
    return min(changes)


def title(name: str, status: HeartbeatStatus) -> str:
    """Return the title of the alert that a heartbeat raises."""
    return f"{name} {'Failed' if status is HeartbeatStatus.FAILED else 'Missed Its Heartbeat'}"


def _expecting(heartbeat: Heartbeat, state: HeartbeatState, since: datetime) -> HeartbeatState:
    expected = next_expected(heartbeat.schedule, since)
    ends = (run.due_at for run in state.live_runs)
    return replace(
        state,
        basis_at=since,
        expected_at=expected,
        miss_at=max([expected + heartbeat.grace, *ends]),
        is_extended=bool(state.live_runs),
    )


def _started(heartbeat: Heartbeat, state: HeartbeatState, ping: Ping) -> HeartbeatState:
    run = OpenRun(ping.run_id, ping.at, _due_at(heartbeat, state, ping.at))
    others = tuple(other for other in state.runs if other.run_id != ping.run_id)
    runs = (*others, run)[-MAX_OPEN_RUNS:]
    if not state.is_extended:
        # Only one start between two ends: a job that starts and dies each time must be missed.
        miss_at = max(state.miss_at, run.due_at)
        state = replace(state, miss_at=miss_at, is_extended=True)
    if not state.status.is_down:
        state = _with(state, HeartbeatStatus.RUNNING)
    return replace(state, runs=runs)


def _due_at(heartbeat: Heartbeat, state: HeartbeatState, started_at: datetime) -> datetime:
    if heartbeat.max_runtime_seconds is not None:
        return started_at + timedelta(seconds=heartbeat.max_runtime_seconds)
    met = _time_met(heartbeat, state, started_at)
    return next_expected(heartbeat.schedule, met) + heartbeat.grace


def _time_met(heartbeat: Heartbeat, state: HeartbeatState, at: datetime) -> datetime:
    """Return the cron time that a success or a start a moment before it meets, else its own time.

    The host's clock may be ahead of ours. While an earlier time is still owed, it is that one that
    is met, late.
    """
    if not isinstance(heartbeat.schedule, Cron):
        return at
    expected = state.expected_at
    if state.status.is_down:
        expected = next_expected(heartbeat.schedule, at)
    early = expected - at
    if not timedelta(0) < early <= _MOST_EARLY:
        return at
    period = next_expected(heartbeat.schedule, expected) - expected
    return expected if early <= min(_MOST_EARLY, period / 2, heartbeat.grace / 2) else at


def _ended_run(runs: tuple[OpenRun, ...], run_id: str | None) -> OpenRun | None:
    for run in runs:
        if run.run_id == run_id:
            return run
    live = [run for run in runs if not run.is_overdue]
    return live[0] if run_id is None and len(live) == 1 else None


def _fault(
    heartbeat: Heartbeat, state: HeartbeatState, ping: Ping, duration: timedelta | None
) -> str | None:
    if ping.kind is PingKind.FAIL:
        if ping.exit_status is None:
            return "the job reported a failure"
        return f"the job ended with exit status {ping.exit_status}"
    least, last = heartbeat.min_interval_seconds, state.last_success_at
    if least is not None and last is not None and ping.at - last < timedelta(seconds=least):
        apart = max((ping.at - last).total_seconds(), 0)
        return f"pinged {apart:.3g} s after the last ping, sooner than {least} s"
    if duration is None:
        return None
    took = duration.total_seconds()
    shortest, longest = heartbeat.min_duration_seconds, heartbeat.max_duration_seconds
    if shortest is not None and took < shortest:
        return f"the run took {took:.6g} s, less than {shortest:g} s"
    if longest is not None and took > longest:
        return f"the run took {took:.6g} s, more than {longest:g} s"
    return None


def _excused(heartbeat: Heartbeat, state: HeartbeatState, gaps: list[Gap]) -> HeartbeatState:
    for begin, end in gaps:
        # What a ping or an earlier gap has settled since is not looked at again.
        is_due_inside = begin <= state.miss_at and end >= state.expected_at - heartbeat.leeway
        if is_due_inside and end > state.basis_at and not state.status.is_down:
            # Not before the time itself: a second gap may swallow a ping that came in the grace.
            state = _expecting(heartbeat, state, max(end, state.expected_at))
    return state


def _end_may_be_lost(run: OpenRun, gaps: list[Gap]) -> bool:
    return any(begin <= run.due_at and end > run.started_at for begin, end in gaps)


def _marked(runs: tuple[OpenRun, ...], now: datetime) -> tuple[OpenRun, ...]:
    return tuple(
        replace(run, is_overdue=True) if not run.is_overdue and run.due_at <= now else run
        for run in runs
    )


def _with(
    state: HeartbeatState, status: HeartbeatStatus, reason: str | None = None
) -> HeartbeatState:
    return replace(state, status=status, reason=reason)


def _flipped(was: HeartbeatState, state: HeartbeatState, at: datetime) -> HeartbeatUpdate:
    if was.status is state.status:
        return HeartbeatUpdate(state)
    return HeartbeatUpdate(state, Flip(at, was.status, state.status, state.reason))
