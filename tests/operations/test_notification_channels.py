"""Channels under simultaneous edits."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest

from app.errors import Invalid
from app.operations import notification_channels
from tests.alerting import make_channel


def at_once(app, *calls):
    """Run calls in threads that begin together; return what each returned or raised."""
    barrier = Barrier(len(calls))

    def run(call):
        with app.app_context():
            barrier.wait()
            try:
                return call()
            except Exception as error:
                return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.parametrize("_", range(5))
def test_two_edits_close_no_circle_together(app, alice, _):
    one, two = (UUID(make_channel(alice)["id"]) for _ in range(2))

    def point(channel, fallback):
        return lambda: notification_channels.update(
            alice.organization_id, channel, lambda _: {"fallback_channel_id": fallback}
        )

    found = at_once(app, point(one, two), point(two, one))
    assert sum(isinstance(one, Invalid) for one in found) == 1
    linked = [one["fallback_channel_id"] for one in alice.get("/notification-channels").json]
    assert sorted(map(bool, linked)) == [False, True]
