"""Two installations watch each other: one that is killed is told to the operators of the other."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.local import ports
from tests.flows.product import Product
from tests.receivers import HttpReceiver
from tests.waiting import seconds_until

_NOTICED_SECONDS = 75.0  # two looks, a quarter of a minute apart, and what a busy machine adds


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the user of PostgreSQL may pass through: pytest's own is closed to others."""
    with tempfile.TemporaryDirectory(prefix="alertifypro-peers-") as made:
        path = Path(made).resolve()
        path.chmod(0o711)
        yield path


def test_an_installation_that_is_killed_is_told_by_its_peer(
    folder: Path, hook: HttpReceiver
) -> None:
    here = ports.choose(None)
    there = ports.choose(None, [here])
    first = Product(
        folder / "first", PORT=str(here), PEER_URL=f"http://127.0.0.1:{there}", LOG_LEVEL="error"
    )
    second = Product(
        folder / "second", PORT=str(there), PEER_URL=f"http://127.0.0.1:{here}", LOG_LEVEL="error"
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
            with Product(folder / "second", PORT=str(there), LOG_LEVEL="error") as again:
                again.ready()
                took = seconds_until(lambda: first.call("GET", "/alerts") == [], _NOTICED_SECONDS)
                assert took < _NOTICED_SECONDS
