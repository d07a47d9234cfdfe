"""What the palette does, and the first run, by keys alone."""

import pytest

from tests.console.keys import tab_to
from tests.console.screens import address, show
from tests.flows.product import PASSWORD, target
from tests.receivers import HttpReceiver
from tests.waiting import seconds_until


@pytest.fixture(scope="module")
def product(filled):
    return filled


def test_the_first_run_needs_no_pointer(open_tab, expect, product):
    tab = open_tab()
    keys = tab.keyboard
    with target() as watched, HttpReceiver() as chat:
        tab.goto(f"http://127.0.0.1:{product.port}/sign-up")
        expect(tab.get_by_label("Name")).to_be_focused()
        keys.type("Kim")
        tab_to(tab, "E-mail address")
        keys.type("kim@example.com")
        tab_to(tab, "Password")
        keys.type(PASSWORD)
        keys.press("Enter")
        expect(tab.locator("h1")).to_have_text("What shall we watch?")
        tab_to(tab, "Addresses, one a line")
        keys.type(watched.url)
        tab_to(tab, "Start watching")
        keys.press("Enter")
        expect(tab.locator("h1")).to_have_text("Who shall hear of it?")
        expect(tab.get_by_role("button", name="Webhook")).to_be_visible()
        tab_to(tab, "Webhook")
        keys.press("Enter")
        expect(tab.get_by_label("URL", exact=True)).to_be_visible()
        tab_to(tab, "URL")
        keys.type(chat.url)
        keys.press("Control+Enter")
        expect(tab.get_by_role("button", name="Send a test")).to_be_visible()
        tab_to(tab, "Send a test")
        keys.press("Enter")
        expect(tab.get_by_text("Did it arrive?")).to_be_visible()
        tab_to(tab, "Yes, it arrived")
        keys.press("Enter")
        expect(tab.locator("h1")).to_have_text("See it work")
        tab_to(tab, "Skip")
        keys.press("Enter")
        expect(tab.locator("h1")).to_have_text("Home")
        assert chat.requests
    assert tab.problems == []


def windows(product, tag):
    return [each for each in product.call("GET", "/maintenance-windows") if each["tags"] == [tag]]


def test_the_palette_does_what_a_sentence_asks_for(sign_in, expect, product):
    tab = sign_in()
    keys = tab.keyboard
    fields = {"name": "By palette", "is_active": False, "tags": ["palette"]}
    made = product.service("http://127.0.0.1:9/", **fields)
    show(tab, address(product, "/services"))

    def ask(text, first):
        keys.press("Control+k")
        expect(tab.get_by_role("combobox")).to_be_focused()
        keys.type(text)
        expect(tab.get_by_role("option").first).to_contain_text(first)
        keys.press("Enter")

    ask("resume by pal", "Resume By palette")
    seconds_until(lambda: product.call("GET", f"/services/{made['id']}")["is_active"], 20)
    ask("maintenance for tag palette for 30 min", "services with the tag palette for 30 min")
    seconds_until(lambda: windows(product, "palette"), 20)
    ask("nightly", "Nightly backup")
    expect(tab.locator("h1")).to_have_text("Nightly backup")
    ask("who is on call", "Who is on call")
    expect(tab.locator("h1")).to_have_text("On-call")
    for each in windows(product, "palette"):
        product.call("DELETE", f"/maintenance-windows/{each['id']}")
    product.call("DELETE", f"/services/{made['id']}")
    assert tab.problems == []
