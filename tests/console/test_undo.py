"""Deletions that can be undone: none is sent that was undone, and none of the others is lost."""

import pytest

from tests.console.screens import address, move, show
from tests.waiting import seconds_until


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture
def tab(sign_in):
    return sign_in()


def make_rule(product, name, **fields):
    return product.call("POST", "/alert-rules", {"name": name, "severity": "info"} | fields)


def names(product, kind):
    return {each["name"] for each in product.call("GET", f"/{kind}")}


def until_gone(product, kind, name):
    seconds_until(lambda: name not in names(product, kind), 20)


def test_what_was_undone_is_not_deleted_and_the_rest_is(tab, expect, product):
    for name in ("Kept", "Closed", "Left", "Written after"):
        make_rule(product, f"Undo: {name}")
    show(tab, address(product, "/rules"))
    kept = tab.get_by_role("link", name="Undo: Kept")
    tab.get_by_role("button", name="Delete Undo: Kept").click()
    expect(kept).to_have_count(0)
    tab.get_by_role("button", name="Undo", exact=True).click()
    expect(kept).to_have_count(1)
    tab.get_by_role("button", name="Delete Undo: Closed").click()
    tab.get_by_role("status").get_by_role("button", name="Close").click()
    until_gone(product, "alert-rules", "Undo: Closed")
    tab.get_by_role("button", name="Delete Undo: Written after").click()
    assert "Undo: Written after" in names(product, "alert-rules"), "it can be undone"
    tab.get_by_role("button", name="Switch off Undo: Kept").click()
    until_gone(product, "alert-rules", "Undo: Written after")
    tab.get_by_role("button", name="Delete Undo: Left").click()
    tab.goto(address(product, "/channels"))
    until_gone(product, "alert-rules", "Undo: Left")
    assert "Undo: Kept" in names(product, "alert-rules")
    assert tab.problems == []


def test_a_channel_in_use_says_what_uses_it_and_one_that_is_taken_up_comes_back(
    tab, expect, product
):
    spare = {"name": "Spare", "type": "webhook", "config": {"url": "http://127.0.0.1:9/"}}
    made = product.call("POST", "/notification-channels", spare)
    used = make_rule(product, "Undo: user", notification_channel_ids=[made["id"]])
    show(tab, address(product, f"/channels/{made['id']}"))
    tab.get_by_role("button", name="Delete").click()
    expect(tab.get_by_role("alert")).to_contain_text("alert rule Undo: user")
    product.call("DELETE", f"/alert-rules/{used['id']}")
    tab.get_by_role("button", name="Delete").click()
    expect(tab.locator("h1")).to_have_text("Channels")
    expect(tab.get_by_role("link", name="Spare")).to_have_count(0)
    used = make_rule(product, "Undo: user", notification_channel_ids=[made["id"]])
    tab.get_by_role("status").get_by_role("button", name="Close").click()
    expect(tab.locator(".toast.failed")).to_contain_text("Spare was not deleted")
    expect(tab.get_by_role("link", name="Spare")).to_have_count(1)
    product.call("DELETE", f"/alert-rules/{used['id']}")
    product.call("DELETE", f"/notification-channels/{made['id']}")


def test_services_that_are_deleted_come_back_when_it_is_undone(tab, expect, product):
    for name in ("Undo one", "Undo two"):
        product.service("http://127.0.0.1:9/", name=name, is_active=False)
    show(tab, address(product, "/services?q=undo"))
    rows = tab.locator(".row")
    for deleted, kept in (("Undo one", True), ("Undo two", False)):
        tab.get_by_role("row").filter(has_text=deleted).locator("a.name").click()
        tab.get_by_role("button", name="More", exact=True).click()
        tab.get_by_role("button", name="Delete…").click()
        tab.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(tab.locator("h1")).to_have_text("Services")
        expect(rows).to_have_count(1)
        if kept:
            tab.get_by_role("button", name="Undo", exact=True).click()
            expect(rows).to_have_count(2)
    move(tab, address(product, "/services"))
    tab.get_by_role("status").get_by_role("button", name="Close").click()
    until_gone(product, "services", "Undo two")
    assert "Undo one" in names(product, "services")
    (one,) = product.call("GET", "/services?q=Undo")
    product.call("DELETE", f"/services/{one['id']}")
    assert tab.problems == []
