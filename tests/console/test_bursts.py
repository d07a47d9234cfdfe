"""Lists and counts while frames of the live feed come without a pause: they follow all the same."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from tests.console.screens import address, show
from tests.flows.product import BusyServer, target
from tests.waiting import seconds_until

FLAPPING = 6
_BEFORE = """() => {
  const names = [...document.querySelectorAll('.row .name')].map((each) => each.textContent);
  return names.includes('Zulu') && names.indexOf('Zulu') < names.indexOf('Alpha');
}"""

# How often something is read that takes a third of a second, while frames come each 20 ms.
_READ = """async () => {
  const source = document.querySelector('script[type=module]').src;
  const { resource } = await import(source.replace('app.mjs', 'store/resource.mjs'));
  let read = 0;
  const made = resource(() => new Promise((done) => setTimeout(() => done((read += 1)), 300)));
  const frames = setInterval(made.renew, 20);
  for (let waits = 0; waits < 600 && read < 2; waits += 1) {
    await new Promise((done) => setTimeout(done, 50));
  }
  clearInterval(frames);
  made.stop();
  return read;
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


def test_what_is_read_after_frames_is_read_although_they_do_not_end(sign_in):
    tab = sign_in(at="/")
    assert tab.evaluate(_READ) >= 2
    assert tab.problems == []
