"""Keys on the page of an alert, and beside it the two keys that lead to a screen."""

import pytest

from tests.console.screens import address, show
from tests.flows.product import target
from tests.waiting import seconds_until

_AT_AN_ALERT = "document.activeElement.matches('.alert-row a.name')"


@pytest.fixture(scope="module")
def product(filled):
    return filled


def test_the_page_of_an_alert_hears_the_keys_too_and_ways_to_screens_touch_nothing(
    sign_in, expect, product
):
    with target() as watched:
        service_id = product.service(watched.url, name="Keyed")["id"]
        watched.status = 503

        def open_alerts():
            found = product.call("GET", "/alerts")
            return [each for each in found if each["service_id"] == service_id]

        seconds_until(open_alerts, 30)
        tab = sign_in()
        keys = tab.keyboard
        show(tab, address(product, "/alerts"))
        expect(tab.get_by_role("link", name="Keyed")).to_be_visible()
        keys.press("j")
        seconds_until(lambda: tab.evaluate(_AT_AN_ALERT), 20)
        tab.get_by_role("link", name="Keyed").focus()
        keys.press("g")
        keys.press("r")
        expect(tab.locator("h1")).to_have_text("Rules")
        assert [each["status"] for each in open_alerts()] == ["firing"], "g r is a way to Rules"
        show(tab, address(product, f"/alerts/{open_alerts()[0]['id']}"))
        expect(tab.get_by_role("button", name="Acknowledge")).to_be_visible()
        keys.press("a")
        expect(tab.locator(".lead")).to_contain_text("Acknowledged by")
        keys.press("z")
        expect(tab.get_by_role("button", name="30 minutes")).to_be_focused()
        keys.press("Escape")
        keys.press("r")
        expect(tab.locator("h1")).to_contain_text("resolved by")
        product.call("DELETE", f"/services/{service_id}")
        assert tab.problems == []
