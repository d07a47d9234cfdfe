"""Pages in Chromium: reachable by everybody, still while they load, and of three requests."""

import os
from pathlib import Path

import pytest

from tests.pages.serving import serving

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SCENES = (
    "all_well", "one_down", "maintenance", "unknown", "empty", "many", "long_names",
    "right_to_left", "columns",
)  # fmt: skip
_SHIFT = """() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => { for (const one of list.getEntries()) sum += one.value; })
    .observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => resolve(sum), 300);
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


def test_nothing_is_in_anybodys_way(browser, address):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    faults = []
    for theme in ("light", "dark"):
        context = browser.new_context(
            viewport={"width": 360, "height": 800}, color_scheme=theme, bypass_csp=True
        )
        tab = context.new_page()
        for scene in SCENES:
            tab.goto(f"{address}/status/{scene}")
            for violation in axe.run(tab).response["violations"]:
                nodes = [node["html"][:120] for node in violation["nodes"][:2]]
                faults.append(f"{scene} {theme}: {violation['id']} {nodes}")
        context.close()
    assert not faults, "\n".join(faults)


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
