"""Lists and counts while frames of the live feed come without a pause: they follow all the same."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest
import requests

from tests.console.screens import address, show
from tests.flows.product import BusyServer, target
from tests.waiting import seconds_until

FLAPPING = 6
SENDERS = 4
# A phone far out: an answer takes longer than the next frame of the feed.
SLOW = {"offline": False, "latency": 1500, "downloadThroughput": -1, "uploadThroughput": -1}
_BEFORE = """() => {
  const names = [...document.querySelectorAll('.row .name')].map((each) => each.textContent);
  return names.includes('Zulu') && names.indexOf('Zulu') < names.indexOf('Alpha');
}"""


@pytest.fixture(scope="module")
def product(filled):
    return filled


@contextmanager
def made(product, *services):
    """Services, each [endpoint, name], as long as the test needs them."""
    found = [product.service(endpoint, name=name)["id"] for endpoint, name in services]
    try:
        yield found
    finally:
        product.call("POST", "/services/bulk", {"ids": found, "action": "delete"})


@contextmanager
def flapping():
    """The address of a server that answers 503 every other time, to each path by itself."""
    asked = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked[self.path] = asked.get(self.path, 0) + 1
            self.send_response(200 if asked[self.path] % 2 else 503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with BusyServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextmanager
def repeated(product, path, body):
    """Send this again and again, four at a time."""
    ended = threading.Event()

    def send():
        with requests.Session() as session:
            session.headers.update(product.session.headers)
            while not ended.is_set():
                session.post(product.api + path, json=body, timeout=30)

    senders = [threading.Thread(target=send) for _ in range(SENDERS)]
    for each in senders:
        each.start()
    try:
        yield
    finally:
        ended.set()
        for each in senders:
            each.join()


def test_what_goes_down_comes_to_the_top_while_others_go_up_and_down(sign_in, product):
    with (
        target() as steady,
        target() as turning,
        flapping() as url,
        made(
            product,
            (steady.url, "Alpha"),
            (turning.url, "Zulu"),
            *((f"{url}/{at}", f"Flapping {at}") for at in range(FLAPPING)),
        ),
    ):
        tab = sign_in()
        show(tab, address(product, "/services"))
        tab.mouse.move(2, 2)
        tab.evaluate("document.activeElement.blur()")
        seconds_until(lambda: tab.locator(".row .status.waiting").count() == 0, 30)
        turning.status = 503
        seconds_until(lambda: tab.evaluate(_BEFORE), 15)
        assert tab.problems == []


def test_no_row_moves_under_the_pointer_and_new_problems_are_a_press_away(sign_in, expect, product):
    with (
        target() as steady,
        target() as turning,
        made(product, (steady.url, "Alpha"), (turning.url, "Zulu")),
    ):
        tab = sign_in()
        show(tab, address(product, "/services"))
        zulu = tab.locator(".row").filter(has=tab.get_by_role("link", name="Zulu", exact=True))
        expect(zulu.locator(".status.up")).to_be_visible()
        seconds_until(lambda: not tab.evaluate(_BEFORE), 15)
        zulu.hover()
        turning.status = 503
        expect(zulu.locator(".status.down")).to_be_visible()
        more = tab.get_by_role("button", name="One new problem")
        expect(more).to_be_visible()
        assert not tab.evaluate(_BEFORE), "rows have moved under the pointer"
        more.click()
        seconds_until(lambda: tab.evaluate(_BEFORE), 15)
        expect(more).to_have_count(0)
        assert tab.problems == []


def test_open_alerts_are_counted_while_others_change_all_the_time(sign_in, product):
    def firing_of(service_id):
        found = product.call("GET", "/alerts?status=firing&limit=500")
        return [each["id"] for each in found if each["service_id"] == service_id]

    with (
        target() as busy,
        target() as turning,
        made(product, (busy.url, "Busy"), (turning.url, "Turning")) as (first, second),
    ):
        busy.status = 503
        seconds_until(lambda: firing_of(first), 30)
        tab = sign_in()
        with repeated(product, f"/alerts/{firing_of(first)[0]}/snooze", {"minutes": 30}):
            show(tab, address(product, "/alerts"))
            tools = tab.context.new_cdp_session(tab)
            tools.send("Network.enable")
            tools.send("Network.emulateNetworkConditions", SLOW)
            turning.status = 503
            seconds_until(lambda: firing_of(second), 30)
            open_alerts = tab.get_by_role("link", name="Turning").first
            seconds_until(open_alerts.is_visible, 15)
            count = len(product.call("GET", "/alerts?status=firing&limit=500"))
            seconds_until(lambda: tab.title().startswith(f"({count}) "), 15)
        assert tab.problems == []
