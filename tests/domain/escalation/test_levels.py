from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.domain.escalation import levels as escalation_levels
from app.domain.escalation.levels import EscalationRule, NotifyType

FIRED = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
ALICE, BOB, CAROL = (UUID(int=number) for number in (1, 2, 3))


def policy(*lines: tuple[int, int, UUID]) -> list[EscalationRule]:
    return [EscalationRule(level, delay, NotifyType.USER, who) for level, delay, who in lines]


def minutes(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - FIRED) // timedelta(minutes=1)


DOCUMENTED = policy((1, 0, ALICE), (2, 5, BOB), (3, 15, CAROL))


@pytest.mark.parametrize(
    ("lines", "repeats", "expected", "why"),
    [
        ([], 3, [], "an empty policy"),
        (DOCUMENTED, 0, [(0, 1, 0), (0, 2, 5), (0, 3, 15)], "delays count from the firing"),
        (
            DOCUMENTED,
            1,
            [(0, 1, 0), (0, 2, 5), (0, 3, 15), (1, 1, 25), (1, 2, 30), (1, 3, 40)],
            "level 3 gets the ten minutes level 2 had, then all starts again",
        ),
        (policy((1, 0, ALICE)), 2, [(0, 1, 0), (1, 1, 5), (2, 1, 10)], "never all at once"),
        (policy((1, 10, ALICE)), 1, [(0, 1, 10), (1, 1, 30)], "a round waits its delay again"),
        (
            policy((1, 0, ALICE), (1, 0, BOB), (2, 5, CAROL)),
            0,
            [(0, 1, 0), (0, 1, 0), (0, 2, 5)],
            "two lines of one level act together",
        ),
        (policy((2, 5, BOB), (1, 0, ALICE)), 0, [(0, 1, 0), (0, 2, 5)], "in order of time"),
        (policy((1, 10, ALICE), (2, 5, BOB)), 0, [(0, 2, 5), (0, 1, 10)], "whatever the level"),
        (policy((1, 0, ALICE), (2, 0, BOB)), 0, [(0, 1, 0), (0, 2, 0)], "or its number"),
    ],
)
def test_plan(lines, repeats, expected, why):
    planned = escalation_levels.plan(lines, repeats, FIRED)
    assert [(p.round, p.level, minutes(p.due_at)) for p in planned] == expected, why


def test_a_plan_says_whom():
    planned = escalation_levels.plan(DOCUMENTED, 0, FIRED)
    assert [level.notify_id for level in planned] == [ALICE, BOB, CAROL]
    assert {level.notify_type for level in planned} == {NotifyType.USER}


def test_levels_follow_each_other_to_the_end():
    planned = escalation_levels.plan(DOCUMENTED, 1, FIRED)
    after, walked = None, []
    while level := escalation_levels.next_level(planned, after):
        after = level[0].position
        walked.append(after)
    assert walked == [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3)]


def test_the_lines_of_a_level_come_together():
    planned = escalation_levels.plan(policy((1, 0, ALICE), (1, 3, BOB)), 0, FIRED)
    assert [line.notify_id for line in escalation_levels.next_level(planned, None)] == [ALICE, BOB]
    assert escalation_levels.next_level(planned, (0, 1)) == ()


def test_a_position_that_is_not_in_the_plan_has_no_next():
    assert escalation_levels.next_level(escalation_levels.plan(DOCUMENTED, 0, FIRED), (4, 9)) == ()
    assert escalation_levels.next_level([], None) == ()


@pytest.mark.parametrize(
    ("after", "at", "empty", "told", "skipped", "due", "why"),
    [
        (None, 0, set(), [ALICE], [], 5, "level 1 at once"),
        ((0, 1), 4, set(), [], [], 5, "level 2 is not due yet"),
        ((0, 1), 5, set(), [BOB], [], 15, "now it is"),
        ((0, 1), 30, set(), [BOB], [], 15, "late: one level a step, the next is overdue too"),
        ((0, 2), 15, set(), [CAROL], [], 25, "then the next round is due"),
        (None, 0, {ALICE}, [BOB], [(0, 1)], 15, "nobody there: level 2 acts at once"),
        (None, 0, {ALICE, BOB}, [CAROL], [(0, 1), (0, 2)], 25, "and so on"),
        ((0, 1), 4, {BOB}, [], [], 5, "a level is skipped when it is due, not before"),
        ((0, 2), 15, {CAROL}, [ALICE], [(0, 3)], 30, "the next round begins early"),
        ((1, 2), 40, {CAROL}, [], [(1, 3)], None, "the last one: it is over"),
        ((1, 3), 41, set(), [], [], None, "over"),
        (
            None,
            0,
            {ALICE, BOB, CAROL},
            [],
            [(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3)],
            None,
            "nobody at all: said at once, not after half an hour",
        ),
    ],
)
def test_the_next_step_of_an_escalation(after, at, empty, told, skipped, due, why):
    planned = escalation_levels.plan(DOCUMENTED, 1, FIRED)
    step = escalation_levels.step(
        planned, after, FIRED + timedelta(minutes=at), lambda line: line.notify_id in empty
    )
    assert [line.notify_id for line in step.notify] == told, why
    assert list(step.skipped) == skipped, why
    assert minutes(step.next_due_at) == due, why


def test_a_level_is_empty_only_if_all_its_lines_are():
    planned = escalation_levels.plan(policy((1, 0, ALICE), (1, 0, BOB)), 0, FIRED)
    step = escalation_levels.step(planned, None, FIRED, lambda line: line.notify_id == ALICE)
    assert [line.notify_id for line in step.notify] == [BOB]
    assert step.skipped == ()


def test_delays_are_real_minutes_across_daylight_saving():
    fired = datetime(2026, 3, 29, 0, 55, tzinfo=UTC)  # Berlin's clocks jump five minutes later
    planned = escalation_levels.plan(policy((1, 10, ALICE)), 0, fired)
    assert planned[0].due_at - fired == timedelta(minutes=10)
