"""Texts as long as the API takes them: they fill no screen, and are shown whole on demand."""

import pytest

from tests.console.screens import address, show

HIGHEST = 420  # pixels of a card on a phone that shows one setting; 2,000 characters take 1,700


@pytest.fixture(scope="module")
def product(filled):
    return filled


def test_a_long_address_is_cut_and_shown_whole_on_demand(sign_in, expect, product):
    url = "http://127.0.0.1:9/" + "\U0001f525" * 3 + "w" * 1_900
    made = product.call(
        "POST",
        "/services",
        {
            "name": "Long",
            "endpoint": url,
            "check_type": "HTTP",
            "is_active": False,
            "description": "A sentence. " * 160,
        },
    )
    tab = sign_in()
    tab.set_viewport_size({"width": 360, "height": 740})
    show(tab, address(product, f"/services/{made['id']}"))
    for name, whole in (("What", made["endpoint"]), ("Description", made["description"])):
        row = tab.locator(".facts > div").filter(has=tab.get_by_text(name, exact=True))
        value, button = row.locator("dd"), row.get_by_role("button")
        expect(button).to_have_attribute("aria-expanded", "false")
        expect(button).to_have_text(f"Show all {len(whole):,} characters")
        assert value.bounding_box()["height"] < HIGHEST
        button.click()
        expect(value).to_contain_text(whole.strip()[-100:])
        assert value.bounding_box()["height"] > HIGHEST
        button.click()
        expect(button).to_have_attribute("aria-expanded", "false")
        assert value.bounding_box()["height"] < HIGHEST
    assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    product.call("DELETE", f"/services/{made['id']}")
