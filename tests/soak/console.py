"""The list of services with 2,000 services and 200 results a second, for as long as one likes."""

import time
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright

from tests.chromium import CHROMIUM, FLAGS
from tests.flows.product import PASSWORD, Product, target

SERVICES = 2_000
INTERVAL_SECONDS = 10
_BATCH = 500
_MINUTE = 60.0
# What a tab may hold after ten minutes, and by how much that may grow while nothing new is shown.
_MOST_MB = 60.0
_GROWTH_MB = 10.0
_WATCH = """() => {
  const seen = (window.soak = { frames: [], long: 0, last: performance.now() });
  const frame = (now) => {
    seen.frames.push(now - seen.last);
    seen.last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const count = (list) => (seen.long += list.getEntries().length);
  new PerformanceObserver(count).observe({ type: "longtask" });
}"""
_TAKE = """() => {
  const { frames, long } = window.soak;
  Object.assign(window.soak, { frames: [], long: 0 });
  return { frames, long };
}"""


@dataclass
class Story:
    """What was seen, minute by minute, and what was wrong."""

    usable_seconds: float = 0.0
    minutes: list[dict[str, float]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{SERVICES} services, list usable after {self.usable_seconds:.1f} s"]
        lines += [
            "{fps:.1f} frames/s, p95 {p95:.1f} ms, {long:.0f} long tasks, heap {heap:.1f} MB,"
            " {nodes:.0f} nodes".format(**minute)
            for minute in self.minutes
        ]
        return "\n".join(lines)


def run(product: Product, seconds: float, seed: int) -> Story:
    """Watch the list for some seconds; tell of frames, heap, and errors. `seed` changes nothing."""
    story = Story()
    product.register()
    with target() as watched, sync_playwright() as playwright:
        _fill(product, watched.url)
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.on("pageerror", lambda error: story.faults.append(str(error)))
        _open(page, product, story)
        page.evaluate(_WATCH)
        tools = page.context.new_cdp_session(page)
        tools.send("Performance.enable")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            page.wait_for_timeout(min(_MINUTE, max(1.0, end - time.monotonic())) * 1000)
            story.minutes.append(_minute(page, tools))
        browser.close()
    _check_bounds(story)
    return story


def _fill(product: Product, url: str) -> None:
    for begin in range(0, SERVICES, _BATCH):
        services = [
            {
                "key": f"service-{at}",
                "name": f"Service {at}",
                "endpoint": f"{url}{at}",
                "check_type": "HTTP",
                "check_interval_seconds": INTERVAL_SECONDS,
                "timeout_seconds": 2,
                "tags": [f"team-{at % 20}"],
            }
            for at in range(begin, begin + _BATCH)
        ]
        product.call("POST", "/config/apply", {"version": 1, "services": services})


def _open(page: Page, product: Product, story: Story) -> None:
    home = f"http://127.0.0.1:{product.port}"
    page.goto(f"{home}/sign-in")
    page.get_by_label("E-mail address").fill("me@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.locator(".frame").wait_for()
    began = time.monotonic()
    page.goto(f"{home}/services")
    page.locator(".row").first.wait_for()
    story.usable_seconds = time.monotonic() - began


def _minute(page: Page, tools: CDPSession) -> dict[str, float]:
    found: dict[str, Any] = page.evaluate(_TAKE)
    tools.send("HeapProfiler.collectGarbage")
    metrics = {
        each["name"]: each["value"] for each in tools.send("Performance.getMetrics")["metrics"]
    }
    frames = sorted(found["frames"]) or [0.0]
    total = sum(frames) or 1.0
    return {
        "fps": 1000 * len(frames) / total,
        "p95": frames[int(len(frames) * 0.95)],
        "long": found["long"],
        "heap": metrics["JSHeapUsedSize"] / 1e6,
        "nodes": metrics["Nodes"],
    }


def _check_bounds(story: Story) -> None:
    heaps = [minute["heap"] for minute in story.minutes]
    if max(heaps) > _MOST_MB:
        story.faults.append(f"the tab held {max(heaps):.0f} MB")
    if len(heaps) > 3 and heaps[-1] - min(heaps[1:3]) > _GROWTH_MB:
        story.faults.append(f"the heap grew from {min(heaps[1:3]):.0f} to {heaps[-1]:.0f} MB")
