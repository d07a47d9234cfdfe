"""The list of services while 200 results a second come, for as long as one likes.

Two services of a hundred are down, each minute others, so that states, order and alerts change all
the time. Meanwhile somebody scrolls, filters, opens a service and comes back, once a minute.
"""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright

from tests.chromium import FLAGS, WHOLE
from tests.flows.product import BusyServer, Product
from tests.soak.tabs import (
    TAKE_FRAMES,
    WATCH_FRAMES,
    WATCH_KEYS,
    make_services,
    sign_in,
    type_and_erase,
)
from tests.waiting import crowding, seconds_until

RESULTS_A_SECOND = 200
_DOWN_OF = 50  # one of so many is down
_TURNS = 50  # wheels down, and as many up
_MINUTE = 60.0
_TYPED = "service 77 -tag:team-7 status:down"
# What a tab may hold, and by how much that may grow while nothing new is shown.
_MOST_MB = 60.0
_GROWTH_MB = 10.0
_MOST_NODES = 15_000  # of which the page is some thousands, and the rest awaits a collection
_GROWTH = 1.25  # of nodes and listeners, of which a garbage collection leaves some
_RENDERER = 0.25  # of a core, at rest
_PAINTED_MS = 100.0
# States that the page shows and that are not the server's.
_WRONG = """async () => {
  const source = document.querySelector('script[type=module]').src;
  const [api, store] = await Promise.all(['api.mjs', 'store/services.mjs'].map((each) =>
    import(source.replace('app.mjs', each))));
  const found = await api.all('/services', { fields: 'id,status' });
  const wrong = found.map((each) => [each.id, store.rowOf(each.id)?.peek().status, each.status]);
  return wrong.filter(([, shown, status]) => shown !== status).map((each) => each.join());
}"""
_TOP = """() => [...document.querySelectorAll('.row')].slice(0, 10)
  .every((row) => row.querySelector('.status.down'))"""


@dataclass
class Story:
    """What was seen, minute by minute, and what was wrong."""

    services: int
    usable_seconds: float = 0.0
    minutes: list[dict[str, float]] = field(default_factory=list)
    sockets: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [
            f"{self.services} services, list usable after {self.usable_seconds:.1f} s,"
            f" {self.sockets} live connections"
        ]
        lines += [
            "{fps:.1f} frames/s, p95 {p95:.1f} ms, most {most:.0f} ms; renderer {renderer:.0%} of a"
            " core; scrolling p95 {scroll:.0f} ms; key to paint p50 {key:.0f} ms, most"
            " {keys:.0f} ms; {long:.0f} long tasks, most {longest:.0f} ms; heap {heap:.1f} MB,"
            " {nodes:.0f} nodes, {listeners:.0f} listeners; crowding {crowding:.1f}".format(
                **minute
            )
            for minute in self.minutes
        ]
        return "\n".join(lines)


def run(product: Product, seconds: float, *, services: int) -> Story:
    """Watch the list for some seconds; tell of frames, heap, what is not true, and errors."""
    story = Story(services)
    interval = services // RESULTS_A_SECOND
    product.register()
    with _turning(2 * interval) as url, sync_playwright() as playwright:
        make_services(product, services, url, check_interval_seconds=interval, timeout_seconds=2)
        browser = playwright.chromium.launch(executable_path=str(WHOLE), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(120_000)
        page.on("pageerror", lambda error: story.faults.append(str(error)))
        page.on("console", lambda said: _note(story, said.type, said.text))
        sign_in(page, product)
        page.on("websocket", lambda _: _connected(story))
        began = time.monotonic()
        page.goto(f"http://127.0.0.1:{product.port}/services")
        page.get_by_text(f"{services:,} services").wait_for()
        page.locator(".row").first.wait_for()
        story.usable_seconds = (time.monotonic() - began) / crowding()
        page.evaluate(WATCH_FRAMES)
        page.evaluate(WATCH_KEYS)
        tools = page.context.new_cdp_session(page)
        tools.send("Performance.enable")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            minute_ends = min(end, time.monotonic() + _MINUTE)
            story.minutes.append(_minute(page, tools, minute_ends))
            _check_truth(page, story)
        browser.close()
    _check_bounds(story)
    return story


@contextmanager
def _turning(window_seconds: float) -> Iterator[str]:
    """A server whose paths are numbers: each in its turn answers 503 for so long."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            turn = int(self.path.rpartition("/")[2]) + time.monotonic() / window_seconds
            is_down = turn % _DOWN_OF < 1
            self.send_response(503 if is_down else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with BusyServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def _note(story: Story, kind: str, text: str) -> None:
    if kind == "error" and "status of 401" not in text:  # which is how the page learns who is there
        story.faults.append(f"the console of the browser says: {text}")


def _connected(story: Story) -> None:
    story.sockets += 1


def _minute(page: Page, tools: CDPSession, end: float) -> dict[str, float]:
    page.evaluate(TAKE_FRAMES)
    page.mouse.move(640, 500)
    for at in range(2 * _TURNS):
        page.mouse.wheel(0, 700 if at < _TURNS else -700)
        page.wait_for_timeout(30)
    scrolled = page.evaluate(TAKE_FRAMES)
    keys = type_and_erase(page, "Filter services", _TYPED)
    page.locator(".row").first.locator("a.name").click()
    page.get_by_role("heading", level=1).filter(has_text=re.compile("Service [0-9]+")).wait_for()
    page.go_back()
    page.locator(".row").first.wait_for()
    page.evaluate("document.activeElement.blur(), scrollTo(0, 0)")
    page.mouse.move(2, 2)
    typed = page.evaluate(TAKE_FRAMES)
    before, began = _metrics(tools), time.monotonic()
    page.wait_for_timeout(max(5.0, end - time.monotonic()) * 1000)
    rested, after = page.evaluate(TAKE_FRAMES), _metrics(tools)
    used = (after["ProcessTime"] - before["ProcessTime"]) / (time.monotonic() - began)
    tools.send("HeapProfiler.collectGarbage")
    kept = _metrics(tools)
    long = scrolled["long"] + typed["long"] + rested["long"]
    frames = sorted(rested["frames"])
    return {
        "fps": 1000 * len(frames) / sum(frames),
        "p95": frames[int(len(frames) * 0.95)],
        "most": frames[-1],
        "renderer": used,
        "scroll": sorted(scrolled["frames"])[int(len(scrolled["frames"]) * 0.95)],
        "key": sorted(keys)[len(keys) // 2] / crowding(),
        "keys": max(keys) / crowding(),
        "long": len(long),
        "longest": max(long, default=0.0),
        "heap": kept["JSHeapUsedSize"] / 1e6,
        "nodes": kept["Nodes"],
        "listeners": kept["JSEventListeners"],
        "crowding": crowding(),
    }


def _metrics(tools: CDPSession) -> dict[str, Any]:
    found = tools.send("Performance.getMetrics")["metrics"]
    return {each["name"]: each["value"] for each in found}


def _check_truth(page: Page, story: Story) -> None:
    """Note states that stay wrong, and problems that do not come to the top by themselves."""
    wrong = set(page.evaluate(_WRONG))

    def is_mended() -> bool:
        wrong.intersection_update(page.evaluate(_WRONG))
        return not wrong

    try:
        seconds_until(is_mended, 10)
    except AssertionError:
        story.faults.append(f"{len(wrong)} services are shown as they are not: {sorted(wrong)[:5]}")
    try:
        seconds_until(lambda: page.evaluate(_TOP), 15)
    except AssertionError:
        story.faults.append("services that are down do not come to the top of the list")


def _check_bounds(story: Story) -> None:
    last, settled = story.minutes[-1], story.minutes[1:3]
    for minute in story.minutes:
        if minute["heap"] > _MOST_MB or minute["nodes"] > _MOST_NODES:
            story.faults.append(f"{minute['heap']:.0f} MB, {minute['nodes']:.0f} nodes are held")
        if minute["renderer"] > _RENDERER:
            story.faults.append(f"the tab at rest takes {minute['renderer']:.0%} of a core")
        if minute["keys"] > _PAINTED_MS:
            story.faults.append(f"a key was painted after {minute['keys']:.0f} ms")
    if len(story.minutes) > 3:
        least = {name: min(each[name] for each in settled) for name in last}
        if last["heap"] - least["heap"] > _GROWTH_MB:
            story.faults.append(f"the heap grew from {least['heap']:.0f} to {last['heap']:.0f} MB")
        for name in ("nodes", "listeners"):
            if last[name] > least[name] * _GROWTH:
                story.faults.append(f"{name} grew from {least[name]:.0f} to {last[name]:.0f}")
    if story.sockets > 1:
        story.faults.append(f"the live feed was connected {story.sockets} times")
