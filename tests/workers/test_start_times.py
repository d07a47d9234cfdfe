"""Checks claimed ahead start when they are due, together, and only while they are ours."""

import asyncio
from math import inf
from types import SimpleNamespace
from typing import Any

import pytest

from tests.waiting import until
from workers.start_times import SLOT_SECONDS, ClaimPace, StartQueue


def claim(key: str) -> Any:
    return SimpleNamespace(snapshot=SimpleNamespace(service_id=key))


def run(story):
    async def within():
        loop, started = asyncio.get_running_loop(), []
        queue = StartQueue(loop, lambda one: started.append((one, loop.time())))
        await story(queue, loop)
        return started

    return asyncio.run(within())


def test_what_is_due_starts_at_once():
    async def story(queue, loop):
        queue.add(claim("a"), -3)
        assert len(queue) == 0

    assert len(run(story)) == 1


def test_none_starts_before_it_is_due_and_neighbours_start_together():
    due = {}

    async def story(queue, loop):
        base = (int(loop.time() / SLOT_SECONDS) + 2) * SLOT_SECONDS
        for number in range(8):
            one = claim(f"service {number}")
            at = base + (number + 0.5) * SLOT_SECONDS / 10
            due[one.snapshot.service_id] = at
            queue.add(one, at - loop.time())
        assert len(queue) == 8
        await until(lambda: not len(queue), 10)

    started = run(story)
    assert [one.snapshot.service_id for one, _ in started] == list(due)
    assert all(at >= due[one.snapshot.service_id] for one, at in started)
    # One turn of the loop: between the first and the last there is no other timer.
    assert started[-1][1] - started[0][1] < SLOT_SECONDS


def test_a_newer_claim_of_the_same_check_takes_the_place_of_the_older():
    older, newer = claim("a"), claim("a")

    async def story(queue, loop):
        queue.add(older, 0.02)
        queue.add(newer, 0.04)
        await until(lambda: not len(queue), 10)

    assert [one for one, _ in run(story)] == [newer]


def test_a_claim_that_is_not_ours_any_more_does_not_start():
    edited, kept = claim("edited"), claim("kept")

    async def story(queue, loop):
        queue.add(edited, 0.02)
        queue.add(kept, 0.02)
        queue.drop([edited])
        assert queue.waiting() == [kept]
        await until(lambda: not len(queue), 10)

    assert [one for one, _ in run(story)] == [kept]


def snapshot(interval: int, retry: int | None = None) -> Any:
    return SimpleNamespace(check_interval_seconds=interval, retry_interval_seconds=retry)


def pace_of(*snapshots: Any) -> ClaimPace:
    """Return the pace of a worker that has been at it for some minutes."""
    pace = ClaimPace()
    for minutes in range(5):
        pace.saw(snapshots, minutes * 60.0)
    return pace


@pytest.mark.parametrize("interval", [1, 2, 3, 5, 10, 30, 60, 86_400])
@pytest.mark.parametrize("is_woken", [True, False])
def test_whatever_was_recorded_after_a_claim_is_found_by_the_next_before_it_is_due(
    interval, is_woken
):
    pace = pace_of(snapshot(3600), snapshot(interval))
    for until_due in (pace.ahead_seconds, 0.7, 3.0, 50.0, inf):
        sleep = pace.sleep_seconds(max(until_due, pace.ahead_seconds), is_woken=is_woken)
        # What is already known to be due is claimed before; and so is what is recorded right after
        # this claim, and due one interval later.
        assert sleep < max(until_due, pace.ahead_seconds)
        assert sleep <= max(interval / 4, pace.period_seconds) < interval
    assert pace.period_seconds < pace.ahead_seconds


def test_a_retry_interval_counts_and_short_ones_are_forgotten():
    pace = pace_of(snapshot(60, retry=2))
    assert pace.period_seconds == 0.5
    pace.saw([snapshot(60)], 270.0)
    assert pace.period_seconds == 0.5
    pace.saw([snapshot(60)], 400.0)
    assert pace.period_seconds == 1.0


def test_a_new_worker_looks_often_and_an_idle_one_sleeps():
    pace = ClaimPace()
    pace.saw([], 1000.0)
    assert pace.sleep_seconds(inf, is_woken=True) == 0.25
    pace.saw([snapshot(60)], 1001.0)
    assert pace.sleep_seconds(inf, is_woken=True) == 0.25
    pace.saw([], 1100.0)
    assert pace.sleep_seconds(inf, is_woken=True) == 5.0


def test_without_hearing_nobody_sleeps_long():
    pace = pace_of(snapshot(60))
    assert pace.sleep_seconds(inf, is_woken=True) == 5.0
    assert pace.sleep_seconds(inf, is_woken=False) == 1.0
