"""How things are shown follows the person from browser to browser."""

import pytest

from tests.console.screens import address, show
from tests.flows.product import PASSWORD
from tests.waiting import seconds_until

_READ = "fetch('/api/v1/session').then((answer) => answer.json())"
_CHANGE = """(body) => fetch('/api/v1/profile', { method: 'PATCH', body: JSON.stringify(body),
  headers: { 'Content-Type': 'application/json' } })"""


@pytest.fixture(scope="module")
def product(filled):
    return filled


def test_how_things_are_shown_follows_the_person_to_another_browser(sign_in, expect, product):
    person = ("theo@example.com", "Theo Falk")
    body = {"email": person[0], "full_name": person[1], "password": PASSWORD}
    product.call("POST", "/auth/register", body)
    here = sign_in(person, at="/")
    root = here.locator("html")
    expect(root).to_have_attribute("data-density", "comfortable")
    here.evaluate(_CHANGE, {"preferences": {"script": {"seen": 3}}})
    show(here, address(product, "/profile"))
    here.get_by_role("combobox", name="Theme").select_option("dark")
    here.get_by_label("Times in UTC").check()
    show(here, address(product, "/services"))  # at once: what was chosen is sent on leaving
    expect(root).to_have_attribute("data-theme", "dark")
    seconds_until(lambda: here.evaluate(_READ)["preferences"].get("console"), 20)
    there = sign_in(person, at="/")
    expect(there.locator("html")).to_have_attribute("data-theme", "dark")
    expect(there.get_by_role("button", name="UTC")).to_be_visible()
    kept = there.evaluate(_READ)["preferences"]
    assert kept["script"] == {"seen": 3}, "what other programs keep there stays"
    other = sign_in(at="/")
    expect(other.locator(".frame")).to_be_visible()
    expect(other.locator("html")).not_to_have_attribute("data-theme", "dark")
    assert here.problems + there.problems + other.problems == []
