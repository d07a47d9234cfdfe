"""The console in Chromium against the running product: the way from an account to an alert."""

import re

import pytest

from tests.flows.product import target

HOSTILE = "<img src=x onerror=alert(1)>שלום 🔥 " + "long" * 20


@pytest.fixture(scope="module")
def product(empty):
    return empty


@pytest.fixture(scope="module")
def page(open_tab, product):
    """One tab for the whole story."""
    page = open_tab()
    page.goto(f"http://127.0.0.1:{product.port}/")
    return page


def test_from_an_account_to_an_alert_and_back(page, expect, product):
    with target() as watched:
        sign_up(page, expect)
        add_service(page, expect, watched.url)
        expect(page.locator(".status.up").first).to_be_visible()
        page.get_by_role("navigation", name="Screens", exact=True).get_by_text("Services").click()
        row = page.get_by_role("row").filter(has_text="Shop")
        expect(row.locator(".status.up")).to_be_visible()
        watched.status = 503
        expect(row.locator(".status.down")).to_be_visible()
        expect(page).to_have_title(re.compile(r"^\(1\) "))
        page.get_by_role("navigation", name="Screens", exact=True).get_by_text("Alerts").click()
        page.get_by_role("link", name="Shop").click()
        expect(page.get_by_role("heading", name="Why")).to_be_visible()
        expect(page.get_by_text("got 503").first).to_be_visible()
        page.get_by_role("button", name="Acknowledge").click()
        expect(page.locator(".lead")).to_contain_text("Acknowledged by ada@example.com")
        watched.status = 200
        expect(page.get_by_role("heading", level=1)).to_contain_text("has recovered")
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
    page.get_by_label("How often").fill("3s")
    page.get_by_text("Time limits").click()
    page.get_by_label("Timeout").fill("3s")
    page.get_by_role("button", name="Start watching").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Shop")
