"""The list of services with 10,000 of them: how soon it is there, and how soon a key is painted."""

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.chromium import FLAGS, WHOLE
from tests.flows.product import Product
from tests.soak.tabs import WATCH_KEYS, make_services, sign_in, type_and_erase
from tests.waiting import crowding

SERVICES = 10_000
_USABLE_SECONDS = 3.0
_PAINTED_MS = 100.0
_TYPED = "service 77 -tag:team-7 status:paused"
_FOUND = "Service 4711"
_PATIENCE_MS = 120_000


@dataclass
class Story:
    """What was seen, and what was wrong."""

    usable_seconds: float = 0.0
    painted_ms: list[float] = field(default_factory=list)
    nodes: int = 0
    deleted_seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        keys = sorted(self.painted_ms) or [0.0]
        return (
            f"{SERVICES} services, list usable after {self.usable_seconds:.1f} s; key to paint"
            f" p50 {keys[len(keys) // 2]:.0f} ms, p95 {keys[int(len(keys) * 0.95)]:.0f} ms,"
            f" most {keys[-1]:.0f} ms of {len(keys)}; {self.nodes} elements in the page;"
            f" all deleted at once in {self.deleted_seconds:.0f} s"
        )


def run() -> Story:
    """Open a long list, filter it by keys, and empty it. Raises where a bound is not held."""
    story = Story()
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-long-") as folder,
        Product(Path(folder).resolve()) as product,
        sync_playwright() as playwright,
    ):
        product.ready()
        product.register()
        make_services(product, SERVICES, "http://127.0.0.1:9/", is_active=False)
        browser = playwright.chromium.launch(executable_path=str(WHOLE), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(_PATIENCE_MS)
        page.on("pageerror", lambda error: story.faults.append(str(error)))
        _look(page, product, story)
        browser.close()
    _check_bounds(story)
    if story.faults:
        raise AssertionError("\n".join([str(story), *story.faults]))
    return story


def _look(page: Page, product: Product, story: Story) -> None:
    home = f"http://127.0.0.1:{product.port}"
    sign_in(page, product)
    began = time.monotonic()
    page.goto(f"{home}/services")
    page.locator(".row").first.wait_for()
    page.get_by_text(f"{SERVICES:,} services").wait_for()
    story.usable_seconds = (time.monotonic() - began) / crowding()
    page.evaluate(WATCH_KEYS)
    story.painted_ms = type_and_erase(page, "Filter services", _TYPED)
    page.evaluate("window.painted = []")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").wait_for()
    for letter in _FOUND:
        page.keyboard.press(letter)
        page.wait_for_timeout(60)
    page.get_by_role("option", name=_FOUND).first.wait_for()
    story.painted_ms += page.evaluate("window.painted")
    story.painted_ms = [each / crowding() for each in story.painted_ms]
    page.keyboard.press("Escape")
    story.nodes = page.evaluate("document.querySelectorAll('*').length")
    page.locator(".row").first.focus()
    page.keyboard.press("Control+a")
    page.get_by_role("region", name="Selected services").get_by_role(
        "button", name="Delete"
    ).click()
    asked = page.get_by_role("dialog")
    asked.get_by_role("textbox").fill(str(SERVICES))
    began = time.monotonic()
    asked.get_by_role("button", name="Delete").click()
    page.get_by_role("heading", name="Watch your first service").wait_for()
    story.deleted_seconds = time.monotonic() - began


def _check_bounds(story: Story) -> None:
    if story.usable_seconds > _USABLE_SECONDS:
        story.faults.append(f"the list was there after {story.usable_seconds:.1f} s")
    if max(story.painted_ms) > _PAINTED_MS:
        story.faults.append(f"a key was painted after {max(story.painted_ms):.0f} ms")
