from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.heartbeats import heartbeats
from app.domain.heartbeats.schedules import parse
from app.domain.heartbeats.states import MAX_OPEN_RUNS, Heartbeat, HeartbeatStatus, Ping, PingKind

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
HOURLY = Heartbeat(parse("every 1h"), grace_seconds=300)
ON_THE_HOUR = Heartbeat(parse("0 * * * *"), grace_seconds=300)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def ping(text: str, minutes: float) -> Ping:
    """Read "success", "start a", "fail", "exit 3", "log"."""
    kind, _, rest = text.partition(" ")
    if kind == "exit":
        status = int(rest)
        return Ping(at(minutes), PingKind.FAIL if status else PingKind.SUCCESS, status)
    return Ping(at(minutes), PingKind(kind), run_id=rest or None)


def play(heartbeat: Heartbeat, story: list[tuple], gaps: list[tuple] = ()) -> list[str]:
    """Return the status after each entry: (minutes, what), where "" is time passing."""
    state, seen = heartbeats.created(heartbeat, START), []
    for minutes, what in story:
        if what == "pause":
            state = heartbeats.paused(state)
        elif what == "resume":
            state = heartbeats.resumed(heartbeat, state, at(minutes))
        elif what:
            state = heartbeats.receive(heartbeat, state, ping(what, minutes)).state
        else:
            past = [(at(a), at(min(b, minutes))) for a, b in gaps if a < minutes]
            state = heartbeats.evaluate(heartbeat, state, at(minutes), past).state
        seen.append(state.status.value)
    return seen


def last(heartbeat: Heartbeat, *story: tuple, gaps: list[tuple] = ()) -> str:
    return play(heartbeat, list(story), gaps)[-1]


@pytest.mark.parametrize(
    ("story", "expected", "why"),
    [
        ([(0, "")], "healthy", "right after creation"),
        ([(59.9, "")], "healthy", "not due yet"),
        ([(60, "")], "late", "due"),
        ([(64.9, "")], "late", "inside the grace"),
        ([(65, "")], "missed", "past it"),
        ([(600, "")], "missed", "noticed late, but straight away"),
        ([(62, ""), (63, "success")], "healthy", "late is not missed"),
        ([(63, "success"), (122, "")], "healthy", "the period counts from the last ping"),
        ([(63, "success"), (123, "")], "late", "and ends then"),
        ([(65, ""), (70, "success")], "healthy", "a ping resolves it"),
        ([(65, ""), (70, "log")], "missed", "a note does not"),
        ([(65, ""), (70, "start")], "missed", "nor does a start: nothing has succeeded yet"),
        ([(65, ""), (70, "start"), (75, "success")], "healthy", "its success does"),
        ([(10, "fail")], "failed", "the job says so"),
        ([(10, "exit 0")], "healthy", "exit status 0"),
        ([(10, "exit 1")], "failed", "exit status 1"),
        ([(10, "exit 255")], "failed", "exit status 255"),
        ([(10, "fail"), (600, "")], "failed", "one alert: failed stays failed"),
        ([(10, "fail"), (11, "start")], "failed", "until something succeeds"),
        ([(10, "fail"), (11, "success")], "healthy", "recovered"),
        ([(65, ""), (66, "fail")], "failed", "missed, then failed"),
        ([(10, "start")], "running", "a run is open"),
        ([(10, "start"), (20, "success")], "healthy", "and has ended"),
        ([(10, "start"), (20, "fail")], "failed", "badly"),
        ([(62, ""), (63, "start")], "running", "a start in the grace is in time"),
        ([(62, "start"), (100, "")], "running", "the run may take until the next is due"),
        ([(62, "start"), (127, "")], "missed", "and no longer"),
        ([(10, "log")], "healthy", "a note changes nothing"),
        ([(10, "pause"), (600, "")], "paused", "nobody waits"),
        ([(10, "pause"), (20, "success")], "paused", "a ping does not end a pause"),
        ([(10, "pause"), (20, "fail")], "paused", "whatever it says"),
        ([(10, "pause"), (600, "resume"), (659, "")], "healthy", "expected anew"),
        ([(10, "pause"), (600, "resume"), (665, "")], "missed", "from then on"),
        ([(10, "fail"), (11, "pause"), (12, "resume")], "healthy", "a resume forgets"),
    ],
)
def test_every_hour_with_five_minutes_of_grace(story, expected, why):
    assert last(HOURLY, *story) == expected, why


@pytest.mark.parametrize(
    ("story", "expected", "why"),
    [
        ([(61, "success"), (119, "")], "healthy", "after the hour"),
        ([(61, "success"), (120, "")], "late", "cron does not move with the ping"),
        ([(58.9, "success"), (65, "")], "missed", "a ping before the hour is the last hour's"),
        ([(59, "success"), (65, "")], "healthy", "but a minute before, a clock may be ahead"),
        ([(60, "start"), (64, "start"), (90, "")], "running", "a job that was started twice"),
    ],
)
def test_on_the_hour(story, expected, why):
    assert last(ON_THE_HOUR, *story) == expected, why


def test_a_job_that_starts_and_dies_each_time_is_missed():
    story = [(60 * hour, f"start {hour}") for hour in range(1, 3)]
    assert last(ON_THE_HOUR, *story, (125, "")) == "missed"
    assert last(ON_THE_HOUR, (60, "start"), (120, "start"), (125, "")) == "missed"


LIMITED = Heartbeat(parse("every 1h"), grace_seconds=300, max_runtime_seconds=1_800)


@pytest.mark.parametrize(
    ("story", "expected", "why"),
    [
        ([(10, "start"), (39, "")], "running", "may take half an hour"),
        ([(10, "start"), (40, "")], "missed", "and no longer"),
        ([(10, "start"), (41, "success")], "healthy", "late, but nobody had noticed"),
        ([(10, "start"), (40, ""), (41, "success")], "healthy", "the end resolves it"),
        ([(10, "start"), (20, "success"), (41, "")], "healthy", "ended in time"),
        ([(50, "start"), (70, "")], "running", "its time reaches past the grace"),
        ([(62, "start"), (91, "")], "running", "also when it started late"),
        ([(10, "start a"), (20, "start b"), (30, "success b"), (39, "")], "running", "a is open"),
        ([(10, "start a"), (20, "start b"), (30, "success b"), (40, "")], "missed", "a hangs"),
        (
            [(10, "start a"), (20, "start b"), (40, ""), (45, "success b"), (50, "")],
            "healthy",
            "b succeeds; a has been told of",
        ),
        (
            [(10, "start a"), (20, "start b"), (40, ""), (45, "success a"), (51, "")],
            "missed",
            "a has ended after all, and now b hangs",
        ),
        ([(10, "start a"), (15, "start a"), (42, "")], "running", "the same run, started anew"),
        ([(10, "start a"), (12, "success"), (20, "")], "healthy", "no id: the only open run"),
        (
            [(10, "start a"), (11, "start b"), (12, "success"), (20, "")],
            "running",
            "no id, several runs: none of them",
        ),
        ([(10, "start"), (12, "success x"), (20, "")], "running", "another id ends nothing"),
        ([(10, "start a"), (12, "fail a"), (50, "")], "failed", "failed, not hanging"),
        ([(10, "start a"), (12, "fail b"), (13, "success c")], "running", "a goes on"),
    ],
)
def test_runs_have_half_an_hour(story, expected, why):
    assert last(LIMITED, *story) == expected, why


def test_durations_pair_by_run():
    state = heartbeats.created(LIMITED, START)
    for text, minutes, expected in [
        ("start a", 1, None),
        ("start b", 2, None),
        ("start", 3, None),
        ("success b", 5, 180_000),
        ("success", 6, 180_000),
        ("fail a", 7, 360_000),
        ("success a", 8, None),
    ]:
        outcome = heartbeats.receive(LIMITED, state, ping(text, minutes))
        state = outcome.state
        assert outcome.duration_ms == expected, text


def test_a_run_long_overdue_is_no_longer_paired():
    state = heartbeats.created(LIMITED, START)
    state = heartbeats.receive(LIMITED, state, ping("start a", 1)).state
    state = heartbeats.evaluate(LIMITED, state, at(40)).state
    assert len(state.runs) == 1
    state = heartbeats.receive(LIMITED, state, ping("success", 50)).state
    assert len(state.runs) == 1, "an end without an id does not belong to it"
    state = heartbeats.receive(LIMITED, state, ping("success", 73 * 60)).state
    assert state.runs == ()


def test_open_runs_are_bounded():
    state = heartbeats.created(LIMITED, START)
    for number in range(MAX_OPEN_RUNS + 20):
        state = heartbeats.receive(LIMITED, state, ping(f"start {number}", 1)).state
    assert len(state.runs) == MAX_OPEN_RUNS
    assert state.runs[-1].run_id == str(MAX_OPEN_RUNS + 19)


LIMITS = Heartbeat(
    parse("every 1h"),
    min_interval_seconds=600,
    min_duration_seconds=60,
    max_duration_seconds=1_200,
)


@pytest.mark.parametrize(
    ("story", "expected", "reason"),
    [
        ([(10, "success")], "healthy", None),
        ([(10, "success"), (20, "success")], "healthy", None),
        ([(10, "success"), (19, "success")], "failed", "540 s after the last ping, sooner than"),
        ([(10, "success"), (19, "success"), (29, "success")], "healthy", None),
        ([(10, "success"), (19, "success"), (28, "success")], "failed", "sooner than 600 s"),
        ([(10, "fail"), (11, "success")], "healthy", None),
        ([(10, "success"), (11, "start"), (12, "success")], "failed", "sooner than"),
        ([(10, "start"), (11, "success")], "healthy", None),
        ([(10, "start"), (10.5, "success")], "failed", "the run took 30 s, less than 60 s"),
        ([(10, "start"), (30, "success")], "healthy", None),
        ([(10, "start"), (31, "success")], "failed", "the run took 1260 s, more than 1200 s"),
        ([(10, "start"), (31, "fail")], "failed", "the job reported a failure"),
        ([(10, "start"), (31, "exit 7")], "failed", "the job ended with exit status 7"),
    ],
)
def test_limits(story, expected, reason):
    state = heartbeats.created(LIMITS, START)
    for minutes, what in story:
        state = heartbeats.receive(LIMITS, state, ping(what, minutes)).state
    assert state.status.value == expected
    assert (state.reason is None) if reason is None else reason in state.reason


def test_a_flip_bears_the_time_it_was_due():
    state = heartbeats.created(HOURLY, START)
    outcome = heartbeats.evaluate(HOURLY, state, at(61))
    assert (outcome.flip.at, outcome.flip.after) == (at(60), HeartbeatStatus.LATE)
    assert outcome.flip.reason == "a ping was expected at 2026-03-02 11:00:00 UTC"
    outcome = heartbeats.evaluate(HOURLY, outcome.state, at(90))
    assert (outcome.flip.at, outcome.flip.before) == (at(65), HeartbeatStatus.LATE)
    assert outcome.flip.reason == "no ping came by 2026-03-02 11:05:00 UTC"
    assert heartbeats.evaluate(HOURLY, outcome.state, at(91)).flip is None
    outcome = heartbeats.receive(HOURLY, outcome.state, ping("success", 92))
    assert (outcome.flip.at, outcome.flip.after) == (at(92), HeartbeatStatus.HEALTHY)
    assert heartbeats.receive(HOURLY, outcome.state, ping("success", 93)).flip is None


def test_a_hanging_run_flips_at_its_end():
    state = heartbeats.created(LIMITED, START)
    state = heartbeats.receive(LIMITED, state, ping("start", 10)).state
    outcome = heartbeats.evaluate(LIMITED, state, at(50))
    assert outcome.flip.at == at(40)
    assert outcome.flip.reason == "a run has not ended within 1800 s"


@pytest.mark.parametrize("status", HeartbeatStatus)
def test_an_alert_stands_for_missed_and_failed(status):
    assert status.is_down is (status.value in ("missed", "failed"))


def test_titles_of_heartbeat_alerts():
    assert heartbeats.title("Backup", HeartbeatStatus.MISSED) == "Backup Missed Its Heartbeat"
    assert heartbeats.title("Backup", HeartbeatStatus.FAILED) == "Backup Failed"


events = st.tuples(
    st.integers(0, 40),
    st.sampled_from(
        ["", "", "success", "start", "start a", "success a", "fail", "fail a", "log", "exit 2"]
    ),
)


@given(st.lists(events, max_size=25), st.sampled_from([HOURLY, ON_THE_HOUR, LIMITED, LIMITS]))
@settings(max_examples=200, deadline=None)
def test_a_wake_up_at_next_change_misses_nothing(steps, heartbeat):
    """Whatever happens: before `next_change_at` time changes nothing, and at it time does."""
    state, minutes = heartbeats.created(heartbeat, START), 0
    for pause, what in steps:
        due = heartbeats.next_change_at(state)
        minutes += pause
        if due is not None and due <= at(minutes):
            before = heartbeats.evaluate(heartbeat, state, due - timedelta(seconds=1))
            assert before.flip is None
            assert heartbeats.evaluate(heartbeat, state, due).state != state
        state = heartbeats.evaluate(heartbeat, state, at(minutes)).state
        if what:
            state = heartbeats.receive(heartbeat, state, ping(what, minutes)).state
        again = heartbeats.evaluate(heartbeat, state, at(minutes))
        assert heartbeats.evaluate(heartbeat, again.state, at(minutes)).flip is None
