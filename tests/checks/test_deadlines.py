"""The time limits of many checks at once."""

import asyncio
from functools import wraps
from time import perf_counter

import pytest
import uvloop

from app.checks import deadlines
from app.checks.deadlines import deadline
from tests.waiting import stretched


def in_loop(story):
    """Run a story in an event loop such as the worker's."""

    @wraps(story)
    def run():
        uvloop.run(story())

    return run


async def hang(seconds=0.1):
    with deadline(seconds):
        await asyncio.sleep(5)


@in_loop
async def test_a_limit_is_kept_and_never_early():
    started = perf_counter()
    with pytest.raises(TimeoutError):
        await hang()
    assert 0.1 <= perf_counter() - started < stretched(0.4)
    assert asyncio.current_task().cancelling() == 0
    await asyncio.sleep(0)  # and nothing of the interruption is left over


@in_loop
async def test_what_is_in_time_is_left_alone():
    seconds = stretched(0.1)
    with deadline(seconds) as limit:
        await asyncio.sleep(0.01)
    await asyncio.sleep(2 * seconds)
    assert not limit.has_passed


@in_loop
async def test_an_outer_limit_goes_through_an_inner_one():
    with pytest.raises(TimeoutError), deadline(0.1) as outer, deadline(5) as inner:
        await asyncio.sleep(5)
    assert outer.has_passed
    assert not inner.has_passed


@in_loop
async def test_a_cancellation_from_outside_goes_on():
    task = asyncio.create_task(hang(60))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@in_loop
async def test_a_cancellation_from_outside_wins_over_a_limit_at_the_same_moment():
    async def late():
        with deadline(0.1):
            try:
                await asyncio.sleep(5)
            finally:
                task.cancel()

    task = asyncio.create_task(late())
    with pytest.raises(asyncio.CancelledError):
        await task


@in_loop
async def test_a_thousand_limits_share_timers():
    started = perf_counter()
    found = await asyncio.gather(*(hang() for _ in range(1000)), return_exceptions=True)
    assert {type(one) for one in found} == {TimeoutError}
    assert perf_counter() - started < stretched(1)


@in_loop
async def test_an_error_inside_stays_what_it_is():
    with pytest.raises(ValueError, match="inside"), deadline(1):
        raise ValueError("inside")


@in_loop
async def test_limits_that_are_kept_wake_nobody():
    ticks = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deadlines._Deadlines, "_tick", lambda _self: ticks.append(1))
        for _ in range(10):
            with deadline(600):
                await asyncio.sleep(0.03)
    assert ticks == []


@in_loop
async def test_a_short_limit_is_kept_beside_longer_ones_that_began_before():
    task = asyncio.create_task(hang(60))
    await asyncio.sleep(0.01)
    started = perf_counter()
    with pytest.raises(TimeoutError):
        await hang()
    assert 0.1 <= perf_counter() - started < stretched(0.4)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@in_loop
async def test_a_limit_is_kept_after_many_that_nobody_waited_for():
    for _ in range(20):
        with deadline(stretched(0.2)):
            await asyncio.sleep(0.02)
    with pytest.raises(TimeoutError):
        await hang(0.3)
