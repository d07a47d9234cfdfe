"""What the palette does when it is asked in a sentence."""

import pytest

from tests.console.screens import address, show
from tests.waiting import seconds_until


@pytest.fixture(scope="module")
def product(filled):
    return filled


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
