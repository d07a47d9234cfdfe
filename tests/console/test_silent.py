"""The console while nothing answers: a server that holds still, a dead link, a proxy in front."""

import os
import select
import signal
import socket
import threading
from contextlib import contextmanager

import pytest

from tests.console.screens import address, show
from tests.flows.product import children_of, target
from tests.waiting import seconds_until

SAID_SECONDS = 25.0  # it asks every 10 seconds, and after 6 without any answer it says so
RIGHT_SECONDS = 5.0
# As many connections as Chromium opens to a server, which it keeps for later requests.
_FILL_POOL = """() => Promise.all([...Array(6).keys()].map((n) =>
  fetch(`/api/v1/ready?n=${n}`, { cache: 'no-store' }).then((found) => found.text())))"""


@pytest.fixture(scope="module")
def product(filled):
    return filled


class Link:
    """A relay on loopback; while it `swallows` nothing passes, and what was open stays dead."""

    def __init__(self, port):
        self.port, self.swallows, self._is_open = port, False, True
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.own = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self):
        while self._is_open:
            if select.select([self._listener], [], [], 0.1)[0]:
                client = self._listener.accept()[0]
                thread = threading.Thread(target=self._relay, args=(client,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _relay(self, client):
        dead = self.swallows
        with client, socket.create_connection(("127.0.0.1", self.port)) as server:
            while self._is_open:
                dead = dead or self.swallows
                if dead:  # neither an answer nor an end ever comes
                    threading.Event().wait(0.1)
                    continue
                for ready in select.select([client, server], [], [], 0.1)[0]:
                    if self.swallows:  # since this began to wait
                        break
                    try:
                        data = ready.recv(65536)
                        if not data:
                            return
                        (server if ready is client else client).sendall(data)
                    except OSError:
                        return

    def close(self):
        self._is_open = False
        for thread in self._threads:
            thread.join(5)
        self._listener.close()


@contextmanager
def stopped(product):
    """The web process and its children hold still, and nobody starts others meanwhile."""
    launcher, web = product.process.pid, product.child("web")
    held = [launcher, web, *children_of(web)]
    for pid in held:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(held):
            os.kill(pid, signal.SIGCONT)


@contextmanager
def swallowed(link):
    link.swallows = True
    try:
        yield
    finally:
        link.swallows = False


@pytest.mark.parametrize("kind", ["stopped", "swallowed"])
def test_who_acts_while_nothing_answers_is_told_and_sees_the_truth_afterwards(
    sign_in, expect, product, kind
):
    link = Link(product.port)
    with target() as failing, target() as turning:
        failing.status = 503
        made = [
            product.service(each.url, name=name)["id"]
            for each, name in ((failing, f"Mute {kind}"), (turning, f"Later {kind}"))
        ]

        def fired():
            found = product.call("GET", "/alerts?status=firing")
            return [each["id"] for each in found if each["service_id"] == made[0]]

        seconds_until(fired, 30)
        (alert,) = fired()
        seconds_until(lambda: product.status(made[1]) == "GREEN", 30)
        tab = sign_in(is_new=True)
        here = f"http://127.0.0.1:{link.own}" if kind == "swallowed" else address(product, "")
        show(tab, f"{here}/alerts/{alert}")
        lists = tab.context.new_page()
        show(lists, f"{here}/services?q=Later+{kind}")
        row = lists.locator(".row").filter(has_text=f"Later {kind}")
        press = tab.get_by_role("button", name="Acknowledge")
        for each in (tab, lists):
            expect(each.locator(".live")).to_contain_text("Live")
        tab.evaluate(_FILL_POOL)
        with stopped(product) if kind == "stopped" else swallowed(link):
            press.click()
            patience = SAID_SECONDS * 1000
            toast = tab.locator(".toast.failed")
            expect(toast).to_contain_text("The server does not answer.", timeout=patience)
            expect(press).to_be_enabled()
            for each in (tab, lists):
                banner = each.locator(".banner")
                expect(banner).to_contain_text("Not connected since ", timeout=patience)
                expect(each.locator(".live")).not_to_have_text("Live")
            turning.status = 503
        for each in (tab, lists):
            seconds_until(lambda tab=each: tab.locator(".banner").count() == 0, RIGHT_SECONDS)
        seconds_until(lambda: product.status(made[1]) == "RED", 30)
        seconds_until(row.locator(".status.down").is_visible, RIGHT_SECONDS)
        turning.status = 200  # and what happens later is heard of by the feed
        seconds_until(lambda: product.status(made[1]) == "GREEN", 30)
        seconds_until(row.locator(".status.up").is_visible, RIGHT_SECONDS)

        def acknowledged():
            found = product.call("GET", f"/alerts/{alert}")["timeline"]
            return [each["kind"] for each in found].count("acknowledged")

        assert kind == "stopped" or acknowledged() == 0
        if not acknowledged():  # a server that held still may have got it, and may have not
            press.click()
        expect(tab.locator(".lead")).to_contain_text("Acknowledged by")
        assert acknowledged() == 1
        for service_id in made:
            product.call("DELETE", f"/services/{service_id}")
    link.close()


def page_of(status):
    """Answers a request as a proxy does in the server's place."""
    page = {"status": status, "content_type": "text/html", "body": "<h1>Bad gateway</h1>"}
    return lambda route: route.fulfill(**page)


def test_a_page_of_a_proxy_in_front_is_no_answer_of_the_server(sign_in, tab_of, expect, product):
    """In tabs side by side, each of which asks by itself after ten seconds."""
    context = sign_in().context
    tabs = {status: tab_of(context) for status in (502, 503, 504, 200)}
    for status, tab in tabs.items():
        show(tab, address(product, "/services"))
        tab.route("**/api/v1/**", page_of(status))
    for status, tab in tabs.items():
        said = expect(tab.locator(".banner"), f"after a page of {status}")
        said.to_contain_text("Not connected since ", timeout=SAID_SECONDS * 1000)
    for tab in tabs.values():
        tab.unroute("**/api/v1/**")
    for status, tab in tabs.items():
        expect(tab.locator(".banner"), f"after a page of {status}").to_have_count(0)
        expect(tab.locator(".live"), f"after a page of {status}").to_have_text("Live")


def test_a_service_every_five_seconds_takes_one_press(sign_in, expect, product):
    tab = sign_in()
    show(tab, address(product, "/services/new"))
    tab.get_by_label("What").fill("http://127.0.0.1:9/often")
    often = tab.get_by_label("How often")
    often.fill("5s")
    expect(tab.get_by_text("A check is given up after 5 s")).to_be_visible()
    tab.get_by_text("Time limits").click()
    expect(tab.get_by_label("Timeout")).to_have_value("5s")
    often.fill("1m")
    expect(tab.get_by_label("Timeout")).to_have_value("10s")
    often.fill("5s")
    tab.get_by_role("button", name="Start watching").click()
    expect(tab.locator("h1")).to_have_text("127.0.0.1:9/often")
    (made,) = product.call("GET", "/services?q=often")
    assert (made["check_interval_seconds"], made["timeout_seconds"]) == (5, 5)
    product.call("DELETE", f"/services/{made['id']}")
    assert tab.problems == []
