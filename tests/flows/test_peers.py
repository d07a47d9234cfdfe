"""Two installations watch each other: one that is killed is told to the operators of the other."""

import os
import signal
from pathlib import Path

from app.local import ports
from tests.flows.product import Product
from tests.receivers import HttpReceiver
from tests.waiting import seconds_until

_NOTICED_SECONDS = 75.0  # two looks, a quarter of a minute apart, and what a busy machine adds


def test_an_installation_that_is_killed_is_told_by_its_peer(
    tmp_path: Path, hook: HttpReceiver
) -> None:
    tmp_path.chmod(0o711)
    here = ports.choose(None)
    there = ports.choose(None, [here])
    first = Product(
        tmp_path / "first", PORT=str(here), PEER_URL=f"http://127.0.0.1:{there}", LOG_LEVEL="error"
    )
    second = Product(
        tmp_path / "second", PORT=str(there), PEER_URL=f"http://127.0.0.1:{here}", LOG_LEVEL="error"
    )
    # The other one is there before anybody asks for it, however long it takes to start.
    with second:
        second.ready()
        with first:
            first.ready()
            first.register()
            channel = {"name": "Ours", "type": "webhook", "config": {"url": hook.url}}
            first.call("POST", "/notification-channels", channel)
            assert first.call("GET", "/alerts") == []
            os.kill(second.process.pid, signal.SIGKILL)
            took = seconds_until(lambda: first.call("GET", "/alerts"), _NOTICED_SECONDS)
            assert took < _NOTICED_SECONDS
            (message,) = hook.wait_for(1, 30)
            alert = message.json["data"]["alert"]
            assert alert["title"] == "The other installation is not well"
            assert f"http://127.0.0.1:{there} has not answered" in alert["message"]
            with Product(tmp_path / "second", PORT=str(there), LOG_LEVEL="error") as again:
                again.ready()
                took = seconds_until(lambda: first.call("GET", "/alerts") == [], _NOTICED_SECONDS)
                assert took < _NOTICED_SECONDS
