"""Pages in Chromium: reachable by everybody, still while they load, and of three requests."""

import mimetypes
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.pages.status import responses
from app.pages.status.export import export
from app.pages.status.snapshot import Freshness
from app.platform.clock import utcnow
from tests.pages import scenes
from tests.pages.scenes import HOSTILE
from tests.pages.serving import serving, store_of_scenes

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SCENES = (
    "all_well", "one_down", "maintenance", "unknown", "empty", "many", "long_names",
    "right_to_left", "columns", "response_times",
)  # fmt: skip
PARTS = (
    "one_down/history", "one_down/history?month=2026-10", "one_down/incidents/in_now",
    "maintenance/maintenance/mw_running", "maintenance/maintenance/mw_coming",
    "one_down/services/sv_00000000", "many/services/sv_00000003",
    "response_times/services/sv_00000000", "response_times/services/sv_00000000?range=90d",
    "right_to_left/services/sv_00000000", "one_down/embed", "one_down/subscribe", "many/subscribe",
    "one_down/confirm", "one_down/manage", "open", "nobody", "one_down?view=wall",
)  # fmt: skip
HOSTILE_PARTS = (
    "", "/incidents/in_1", "/maintenance/mw_1", "/services/sv_00000000", "/history", "/embed",
    "/subscribe",
)  # fmt: skip
_SHIFT = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; })
    .observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => resolve(sum), 300);
})"""

_BLOCKED = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) sum += Math.max(0, one.duration - 50);
  }).observe({ type: 'longtask', buffered: true });
  setTimeout(() => resolve(Math.round(sum)), 300);
})"""

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}")


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address():
    with serving() as address:
        yield address


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_in_anybodys_way(browser, address, theme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    faults = []
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=theme, bypass_csp=True
    )
    tab = context.new_page()
    for path in (*SCENES, *PARTS):
        tab.goto(f"{address}/status/{path}")
        tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        for violation in axe.run(tab).response["violations"]:
            nodes = [node["html"][:120] for node in violation["nodes"][:2]]
            faults.append(f"{path}: {violation['id']} {nodes}")
    context.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(("age", "is_away"), [(90, True), (300, True), (300, False)])
def test_an_old_page_is_in_nobodys_way_either(browser, age, is_away):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with serving(timedelta(seconds=age), is_away=is_away) as address:
        context = browser.new_context(viewport={"width": 360, "height": 800}, bypass_csp=True)
        tab = context.new_page()
        tab.goto(f"{address}/status/one_down")
        assert axe.run(tab).response["violations"] == []
        assert ("We cannot tell" in tab.inner_text("h1")) is (age >= 120)
        context.close()


def test_zoomed_four_times_it_needs_no_second_scroll_bar(browser, address):
    # 1280 pixels at 400 % are 320 of CSS (WCAG 2.2, 1.4.10).
    context = browser.new_context(viewport={"width": 320, "height": 256}, device_scale_factor=4)
    tab = context.new_page()
    for path in (*SCENES, *PARTS):
        tab.goto(f"{address}/status/{path}")
        wide = tab.evaluate("document.documentElement.scrollWidth")
        assert wide <= 320, f"{path} scrolls sideways: {wide}"
        hidden = tab.evaluate(
            """() => [...document.querySelectorAll('h1, h2, .l b, .button')].filter((one) => {
              const box = one.getBoundingClientRect();
              return box.width && (box.left < -1 || box.right > innerWidth + 1);
            }).map((one) => one.outerHTML.slice(0, 80))"""
        )
        assert not hidden, f"{path}: {hidden}"
    context.close()


def test_it_can_be_read_without_its_colours(browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, forced_colors="active")
    tab = context.new_page()
    tab.goto(f"{address}/status/one_down")
    assert tab.evaluate("matchMedia('(forced-colors: active)').matches")
    shapes = tab.evaluate(
        """() => ['.verdict', '.l li.d > b', '.l li.u > b'].map((one) => {
          const style = getComputedStyle(document.querySelector(one), '::before');
          return [style.backgroundColor, style.clipPath, style.width];
        })"""
    )
    assert len({clip for _, clip, _ in shapes}) == 2  # a cross for both that are down, and a circle
    assert all(color not in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)") for color, _, _ in shapes)
    bars = tab.evaluate("getComputedStyle(document.querySelector('.l svg path.d')).stroke")
    assert bars not in ("none", "rgb(255, 255, 255)")
    context.close()


def test_nothing_moves_where_people_want_it_still(browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    tab = context.new_page()
    for path in ("one_down", *PARTS):
        tab.goto(f"{address}/status/{path}")
        moving = tab.evaluate(
            """() => [...document.querySelectorAll('*')].filter((one) => {
              const own = [null, '::before', '::after'].map((part) => getComputedStyle(one, part));
              return own.some((style) => parseFloat(style.transitionDuration) > 0
                || style.animationName !== 'none');
            }).length"""
        )
        assert moving == 0, path
    context.close()


def test_it_prints_all_it_says(browser, address, tmp_path):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    tab = context.new_page()
    tab.goto(f"{address}/status/one_down")
    tab.emulate_media(media="print")
    ground, ink = tab.evaluate(
        "() => ['backgroundColor', 'color'].map((one) => getComputedStyle(document.body)[one])"
    )
    assert ground == "rgb(255, 255, 255)"  # also of who reads in the dark
    assert ink != ground
    assert not tab.locator(".tools").is_visible()
    for text in ("Checkout is down", "Payments fail", "Search", "Past incidents"):
        assert tab.get_by_text(text).first.is_visible(), text
    assert len(tab.pdf()) > 10_000
    context.close()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_runs_nothing_and_reaches_nobody(browser, text):
    page = scenes.hostile(text)
    with serving(pages=[page]) as address:
        context = browser.new_context(viewport={"width": 800, "height": 800})
        tab = context.new_page()
        requests, faults = [], []
        tab.on("request", lambda request: requests.append(request.url))
        tab.on("console", lambda message: faults.append(message.text))
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("dialog", lambda dialog: faults.append(dialog.message) or dialog.dismiss())
        for rest in HOSTILE_PARTS:
            tab.goto(f"{address}/status/hostile{rest}")
        assert not faults
        assert all(url.startswith((address, "data:image/svg+xml,")) for url in requests), requests
        context.close()


def test_an_open_page_follows_what_happens(browser):
    parts = scenes.shop()
    before = scenes.snapshot(parts, slug="live")
    after = scenes.snapshot(
        scenes.shop(search="down"),
        slug="live",
        incidents=[scenes.incident("Search fails", "in_now", ["sv_00000001"])],
    )
    shown = [before]
    context = browser.new_context(viewport={"width": 1280, "height": 800})

    def serve(route):
        path, _, _ = route.request.url.removeprefix("https://live.example/status/live").partition(
            "?"
        )
        found = responses.find(shown[0], path.lstrip("/"), {}, Freshness.FRESH, "/status/live")
        headers = {"ETag": f'"{found.etag}"', "Last-Modified": "Fri, 27 Nov 2026 14:03:22 GMT"}
        route.fulfill(body=found.body, content_type=found.content_type, headers=headers)

    context.route("**/*", serve)
    tab = context.new_page()
    faults = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.goto("https://live.example/status/live")
    tab.wait_for_selector(".l svg[tabindex]")
    tab.locator(".section > details > summary").last.click()
    shown[0] = after
    tab.wait_for_timeout(500)  # it has the tag of what was shown first
    tab.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    tab.wait_for_function("document.querySelector('h1').textContent === 'Search is down'")
    tab.wait_for_function("document.querySelector('#live').textContent === 'Search is down'")
    states = tab.locator(".l li > b").all_text_contents()
    assert states == ["Up", "Down", "Up", "Up", "Up", "Up", "Up"]
    assert tab.locator(".l li").nth(1).get_attribute("class") == "d"
    assert "Search fails" in tab.inner_text("#now")
    assert tab.title().startswith("✖ Search is down")
    assert tab.locator(".section > details").last.get_attribute("open") is None
    assert tab.locator("time:not([title])").count() == 0  # times are the visitor's
    assert not faults
    context.close()


@pytest.mark.parametrize(
    ("age", "sentence"), [(30, "All systems work"), (300, "We cannot tell at the moment")]
)
def test_a_copy_elsewhere_says_when_nobody_renews_it(browser, tmp_path, age, sentence):
    made_at = utcnow() - timedelta(seconds=age)
    page = replace(scenes.scenes()["all_well"], made_at=made_at)
    assert export(store_of_scenes([page]), tmp_path) == 1
    context = browser.new_context(viewport={"width": 800, "height": 800})

    def serve(route):
        path = tmp_path / urlsplit(route.request.url).path.lstrip("/")
        found = path if path.is_file() else path.with_name(f"{path.name}.html")
        if found.is_file():
            kind = "text/html" if found.suffix == ".html" else mimetypes.guess_type(found)[0]
            kind = "text/javascript" if found.suffix == ".mjs" else kind
            route.fulfill(body=found.read_bytes(), content_type=kind)
        else:
            route.fulfill(status=404, body="")

    context.route("**/*", serve)
    tab = context.new_page()
    tab.goto("https://copy.example/status/all_well")
    tab.wait_for_function("document.querySelector('.tools button')")
    tab.wait_for_timeout(300)  # by now it has looked for news
    assert tab.inner_text("h1") == sentence
    assert ("k" in tab.get_attribute("#verdict", "class")) is (age > 120)
    context.close()


def test_it_is_quick_to_paint(browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    painted, blocked = [], []
    for scene in ("all_well", "one_down", "many"):
        tab.goto(f"{address}/status/{scene}")
        painted.append(
            tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        )
        blocked.append(tab.evaluate(_BLOCKED))
    print(f"first contentful paint {[round(ms) for ms in painted]} ms, blocked {blocked} ms")
    assert min(painted) <= 500  # the machine may be busy: it was so once
    assert min(blocked) == 0
    context.close()


@pytest.mark.parametrize("width", [320, 1280])
def test_it_stands_still_in_three_requests(browser, address, width):
    context = browser.new_context(viewport={"width": width, "height": 800})
    tab = context.new_page()
    requests, faults = [], []
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("console", lambda message: faults.append(message.text))
    tab.on("pageerror", lambda error: faults.append(str(error)))
    for scene in SCENES:
        requests.clear()
        tab.goto(f"{address}/status/{scene}")
        assert tab.evaluate(_SHIFT) == 0, scene
        fetched = [url for url in requests if not url.startswith("data:")]
        assert len([url for url in fetched if "summary.json" not in url]) <= 3, fetched
        assert all(url.startswith(address) for url in fetched)
        wide = tab.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{scene} scrolls sideways at {width}"
    assert not faults
    context.close()


def test_keys_do_what_the_pointer_does(browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    tab = context.new_page()
    tab.goto(f"{address}/status/all_well")
    theme = tab.locator(".tools button")
    theme.focus()
    for wanted in ("light", "dark", None):
        tab.keyboard.press("Enter")
        assert tab.evaluate("document.documentElement.dataset.theme ?? null") == wanted
    bars = tab.locator(".l svg").nth(1)
    bars.focus()
    tab.wait_for_selector("#tip:not([hidden])")
    assert "27 Nov 2026" in tab.inner_text("#tip") or "Nov 27, 2026" in tab.inner_text("#tip")
    tab.keyboard.press("ArrowLeft")
    tab.wait_for_function("document.querySelector('#tip').textContent.includes('26')")
    fold = tab.locator(".section summary").first
    fold.focus()
    tab.keyboard.press("Enter")
    assert tab.locator(".section > details").first.get_attribute("open") is None
    context.close()
