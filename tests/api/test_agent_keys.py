"""Keys of locations that end while an agent waits for an answer."""

import pytest

from app.api import agent as agent_api
from tests.agents import make_location


@pytest.fixture
def location(alice, configure):
    configure(plan_limits=False)
    return make_location(alice)


@pytest.mark.parametrize("ending", ["rotated", "deleted"])
def test_a_key_that_ends_in_a_long_poll_is_given_nothing_more(
    alice, agent, location, monkeypatch, ending
):
    """The poll began while it was good; what becomes due later is for whoever has the new one."""
    path = f"/locations/{location['id']}"

    def end(_region, _seconds):
        if ending == "rotated":
            alice.post(f"{path}/rotate-key")
        else:
            assert alice.delete(path).status_code == 204

    monkeypatch.setattr(agent_api, "_wait", end)
    answer = agent.call("claims", {"limit": 10, "wait_seconds": 20, "pulse": agent.pulse()})
    assert answer.status_code == 401
