"""Pages in Chromium: reachable by everybody, still while they load, and of three requests."""

from datetime import timedelta

import pytest

from tests.console.accessibility import faults_of
from tests.pages.serving import serving

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
_SHIFT = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; })
    .observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => resolve(sum), 300);
})"""


pytestmark = pytest.mark.usefixtures("browser")


@pytest.mark.parametrize("paths", [SCENES, PARTS], ids=["pages", "parts"])
def test_nothing_is_in_anybodys_way(browser, address, paths):
    context = browser.new_context(bypass_csp=True)
    tab = context.new_page()
    faults = []
    for path in paths:
        tab.goto(f"{address}/status/{path}")
        tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        faults += [
            f"{path}: {fault}"
            for fault in faults_of(tab)
            # A banner is true only now: the exception of WCAG 2.2.1 for what happens in real time.
            if not (path.endswith("/embed") and ": meta-refresh " in fault)
        ]
    context.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(("age", "is_away"), [(90, True), (300, True), (300, False)])
def test_an_old_page_is_in_nobodys_way_either(browser, age, is_away):
    with serving(timedelta(seconds=age), is_away=is_away) as address:
        context = browser.new_context(viewport={"width": 360, "height": 800}, bypass_csp=True)
        tab = context.new_page()
        tab.goto(f"{address}/status/one_down")
        assert faults_of(tab, [(360, "light")]) == []
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
    for width in (90, 160, 300):  # a frame on somebody's site
        tab.set_viewport_size({"width": width, "height": 80})
        tab.goto(f"{address}/status/one_down/embed")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_it_can_be_read_without_its_colours(browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 800}, forced_colors="active")
    tab = context.new_page()
    tab.goto(f"{address}/status/one_down")
    assert tab.evaluate("matchMedia('(forced-colors: active)').matches")
    shapes = tab.evaluate(
        """() => ['.verdict', '.l li.d > b', '.l li:not([class]) > b'].map((one) => {
          const style = getComputedStyle(document.querySelector(one), '::before');
          return [style.backgroundColor, style.clipPath, style.width];
        })"""
    )
    assert len({clip for _, clip, _ in shapes}) == 2  # a cross for both that are down, and a circle
    assert all(color not in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)") for color, _, _ in shapes)
    down = "document.querySelector('.l svg > path:not([class])')"
    bars = tab.evaluate(f"getComputedStyle({down}).stroke")
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
