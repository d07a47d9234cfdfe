"""An alert and the list while web, database or Valkey is away for ten seconds, and afterwards."""

import os
import signal
import time
from contextlib import contextmanager

import pytest
import requests

from tests.console.conftest import TOLD_MS
from tests.console.screens import address, show
from tests.flows.product import children_of, target
from tests.waiting import seconds_until

AWAY_SECONDS = 10.0
RIGHT_SECONDS = 5.0  # from the return of a server until the page tells the truth
WORDS = {
    "web": "Not connected since ",
    "postgres": "The database is away since ",
    "valkey": "Valkey is away since ",
}
# What is answered to somebody who acts meanwhile; without Valkey the act is done.
REFUSED = {
    "web": "The server was not reached. Nothing was changed.",
    "postgres": "database",
}


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture
def down(product):
    """A service that is down with its alert, and one that will be: (alert, other, its target)."""
    with target() as failing, target() as turning:
        failing.status = 503
        made = [
            product.service(each.url, name=name)["id"]
            for name, each in (("Failing", failing), ("Turning", turning))
        ]

        def fired():
            found = product.call("GET", "/alerts?status=firing")
            return [each["id"] for each in found if each["service_id"] == made[0]]

        seconds_until(fired, 30)
        seconds_until(lambda: product.status(made[1]) == "GREEN", 30)
        yield fired()[0], made[1], turning
        for service_id in made:
            product.call("DELETE", f"/services/{service_id}")


@contextmanager
def gone(product, name):
    """Kill a server, and let nobody start it again meanwhile."""
    launcher = product.process.pid
    os.kill(launcher, signal.SIGSTOP)
    try:
        own = product.child(name)
        for pid in (own, *children_of(own)):
            os.kill(pid, signal.SIGKILL)
        yield
    finally:
        os.kill(launcher, signal.SIGCONT)


def await_ready(product):
    """Wait until the product says that nothing is away."""

    def is_ready():
        try:
            answer = requests.get(f"http://127.0.0.1:{product.port}/ready", timeout=5)
        except requests.RequestException:
            return False
        return answer.ok and "redis" not in answer.json().get("degraded", [])

    seconds_until(is_ready, 60)


@pytest.mark.parametrize("server", list(WORDS))
def test_who_acts_while_a_server_is_away_hears_of_it_and_acts_afterwards(
    sign_in, expect, product, down, server
):
    alert, other, turning = down
    tab = sign_in()
    show(tab, address(product, f"/alerts/{alert}"))
    lists = tab.context.new_page()
    show(lists, address(product, "/services?q=Turning"))
    row = lists.locator(".row").filter(has_text="Turning")
    expect(row.locator(".status.up")).to_be_visible()
    for each in (tab, lists):
        each.evaluate("window.sameDocument = true")
        expect(each.locator(".live")).to_contain_text("Live")
    sent = []
    tab.on("request", lambda asked: asked.method == "POST" and sent.append(asked.url))
    press = tab.get_by_role("button", name="Acknowledge")
    with gone(product, server):
        began = time.monotonic()
        for each in (tab, lists):
            expect(each.locator(".banner")).to_contain_text(WORDS[server])
        if server != "postgres":  # nothing changes without it, and what is live stays so
            expect(tab.locator(".live")).not_to_contain_text("Live")
        press.click()
        if server in REFUSED:
            expect(tab.locator(".toast.failed")).to_contain_text(REFUSED[server])
            expect(press).to_be_enabled()
        else:
            expect(tab.locator(".lead")).to_contain_text("Acknowledged by")
        turning.status = 503
        time.sleep(max(0.0, AWAY_SECONDS - (time.monotonic() - began)))
    await_ready(product)
    for each in (tab, lists):
        expect(each.locator(".banner")).to_have_count(0, timeout=TOLD_MS)
        expect(each.locator(".live")).to_contain_text("Live", timeout=TOLD_MS)
    seconds_until(lambda: product.status(other) == "RED", 30)
    seconds_until(row.locator(".status.down").is_visible, RIGHT_SECONDS)
    if server in REFUSED:
        press.click()
    expect(tab.locator(".lead")).to_contain_text("Acknowledged by")
    found = product.call("GET", f"/alerts/{alert}")
    assert [each["kind"] for each in found["timeline"]].count("acknowledged") == 1
    assert len(sent) == (2 if server in REFUSED else 1), sent
    for each in (tab, lists):
        assert each.evaluate("window.sameDocument") is True
