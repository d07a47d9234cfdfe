"""The console in Chromium against the running product: the way from an account to an alert."""

import os
import re
import tempfile
from pathlib import Path

import pytest

from tests.flows.product import Product, target

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
HOSTILE = "<img src=x onerror=alert(1)>שלום 🔥 " + "long" * 20
PATIENCE_MS = 20_000

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}"),
    pytest.mark.timeout(240),
]


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def product():
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-console-") as folder,
        Product(Path(folder)) as product,
    ):
        product.ready()
        yield product


@pytest.fixture(scope="module")
def expect():
    return pytest.importorskip("playwright.sync_api").expect


@pytest.fixture(scope="module")
def page(browser, product):
    """One tab for the whole story; what its console reports is collected."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on(
        "console",
        lambda message: (
            page.problems.append(message.text)
            if message.type == "error" and "status of 401" not in message.text
            else None
        ),
    )
    page.goto(f"http://127.0.0.1:{product.port}/")
    yield page
    context.close()


def test_from_an_account_to_an_alert_and_back(page, expect, product):
    with target() as watched:
        sign_up(page, expect)
        add_service(page, expect, watched.url)
        expect(page.locator(".status.up").first).to_be_visible(timeout=PATIENCE_MS)
        page.get_by_role("navigation", name="Screens", exact=True).get_by_text("Services").click()
        row = page.get_by_role("row").filter(has_text="Shop")
        expect(row.locator(".status.up")).to_be_visible(timeout=PATIENCE_MS)
        watched.status = 503
        expect(row.locator(".status.down")).to_be_visible(timeout=PATIENCE_MS)
        expect(page).to_have_title(re.compile(r"^\(1\) "), timeout=PATIENCE_MS)
        page.get_by_role("navigation", name="Screens", exact=True).get_by_text("Alerts").click()
        page.get_by_role("link", name="Shop").click()
        expect(page.get_by_role("heading", name="Why")).to_be_visible()
        expect(page.get_by_text("got 503").first).to_be_visible()
        page.get_by_role("button", name="Acknowledge").click()
        expect(page.locator(".lead")).to_contain_text("Acknowledged by ada@example.com")
        watched.status = 200
        expect(page.get_by_role("heading", level=1)).to_contain_text(
            "has recovered", timeout=PATIENCE_MS
        )
    assert page.problems == []


def test_names_of_strangers_are_text(page, expect, product):
    token = page.evaluate(
        """name => fetch('/api/v1/services', {method: 'POST', headers: {'Content-Type':
        'application/json'}, body: JSON.stringify({name, endpoint: 'http://127.0.0.1:9/',
        check_type: 'HTTP', tags: ['<b>tag</b>'], description: name})}).then(r => r.status)""",
        HOSTILE,
    )
    assert token == 201
    page.goto(f"http://127.0.0.1:{product.port}/services")
    row = page.get_by_role("row").filter(has_text="<img src=x")
    expect(row).to_be_visible()
    assert page.locator("img").count() == 0
    row.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("<img src=x")
    assert page.problems == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_in_anybodys_way(browser, page, product, theme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=theme, bypass_csp=True
    )
    context.add_cookies(page.context.cookies())
    tab = context.new_page()
    faults = []
    alert = page.evaluate("fetch('/api/v1/alerts?status=all').then(r => r.json())")[0]["id"]
    for path in ("/", "/services", "/services/new", "/alerts?tab=all", f"/alerts/{alert}"):
        tab.goto(f"http://127.0.0.1:{product.port}{path}", wait_until="networkidle")
        tab.locator("h1").wait_for()
        tab.wait_for_timeout(300)
        faults += [
            f"{path}: {violation['id']} {[node['html'][:140] for node in violation['nodes'][:2]]}"
            for violation in axe.run(tab).response["violations"]
        ]
        wide = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            faults.append(f"{path}: {wide} pixels too wide at {width}")
    context.close()
    assert not faults, "\n".join(faults)


def sign_up(page, expect):
    expect(page.get_by_role("heading", level=1)).to_have_text("Create the first account")
    page.get_by_label("Name", exact=True).fill("Ada")
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("navigation", name="Screens", exact=True)).to_be_visible()


def add_service(page, expect, url):
    page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/", 3)[2] + "/services/new")
    page.get_by_label("What").fill(url)
    page.get_by_label("Name", exact=True).fill("Shop")
    page.get_by_label("How often").fill("1s")
    page.get_by_text("Time limits").click()
    page.get_by_label("Timeout").fill("1s")
    page.get_by_role("button", name="Start watching").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Shop")
