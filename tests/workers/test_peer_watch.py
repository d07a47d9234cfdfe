"""Another installation that is gone, or behind, is told to the operators of this one."""

import asyncio
import json

import pytest

from tests.certificates import ca_file, tls_server
from tests.loopback import go, silent, tcp
from tests.receivers import Answer, HttpReceiver
from workers.peer_watch import PeerWatch, wrong_with


@pytest.fixture
def operator(alice, rows):
    rows("UPDATE users SET is_operator = true WHERE id = %s", alice.user_id)
    return alice


def test_a_peer_that_is_gone_is_told_at_the_second_look_and_once(
    app, operator, configure, health_watch_of
):
    with HttpReceiver([Answer(200, {"status": "ready"})]) as peer:
        url = peer.url
        configure(peer_url=url)
        watch = health_watch_of()
        watch.look()
        assert peer.requests[0].path == "/ready"
    watch.look()
    assert operator.get("/alerts").json == [], "once may be a restart"
    watch.look()
    watch.look()
    (alert,) = operator.get("/alerts").json
    assert alert["title"] == "The other installation is not well"
    assert f"{url} has not answered" in alert["message"]
    with HttpReceiver([Answer(200, {"status": "ready"})] * 2, port=int(url.rpartition(":")[2])):
        watch.look()
    assert operator.get("/alerts").json == []


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, {"status": "ready"}, None),
        (200, {"status": "ready", "degraded": ["results", "redis"]}, "with results, redis"),
        (503, {"status": "not ready"}, "it is not ready"),
        (200, "<html>", "nothing that an AlertifyPro says"),
        (200, [1], "nothing that an AlertifyPro says"),
        (200, {"degraded": 7}, "nothing that an AlertifyPro says"),
        (502, "", "nothing that an AlertifyPro says"),
    ],
)
def test_what_a_peer_says_is_understood(status, body, said):
    text = body if isinstance(body, str) else json.dumps(body)
    found = wrong_with(status, text.encode())
    assert found is None if said is None else said in found


def test_a_peer_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr("workers.peer_watch._PATIENCE_SECONDS", 0.2)
    with HttpReceiver([Answer(200, stall_seconds=1)]) as peer:
        watch = PeerWatch(peer.url, None)
        assert watch.look() == (None, False)
        problem, is_well = watch.look()
    assert not is_well
    assert "has not answered within 0.2 s" in problem


@pytest.mark.parametrize(("days", "said"), [(-1, "expired"), (-400, "expired")])
def test_a_peer_whose_certificate_has_ended_is_told_with_the_reason(days, said):
    async def story():
        loop = asyncio.get_running_loop()
        async with tcp(silent, tls_server("localhost", days=days)) as peer:
            watch = PeerWatch(peer.url("", "https", "localhost"), ca_file())
            return [await loop.run_in_executor(None, watch.look) for _ in range(2)]

    (first, second) = go(story())
    assert first == (None, False)
    assert said in second[0]
