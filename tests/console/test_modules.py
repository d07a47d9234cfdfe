"""Screens whose modules come late, or not at all."""

from tests.console.screens import address, show
from tests.waiting import seconds_until


def test_a_screen_that_is_still_to_come_has_an_outline(sign_in, expect, filled):
    tab, held = sign_in(is_new=True), []
    tab.route("**/screens/reports.mjs", lambda route: held.append(route))
    show(tab, address(filled, "/services"))
    tab.get_by_role("link", name="Reports").first.click()
    expect(tab.locator(".skeleton .bone").first).to_be_visible()
    expect(tab.get_by_role("status", name="Loading")).to_have_attribute("aria-busy", "true")
    tab.get_by_role("link", name="Services", exact=True).first.click()  # it is left before it came
    expect(tab.get_by_role("row").filter(has_text="Checkout")).to_be_visible()
    tab.get_by_role("link", name="Reports").first.click()
    expect(tab.locator(".skeleton .bone").first).to_be_visible()
    seconds_until(lambda: tab.evaluate("1") and held, 20)
    for route in held:
        route.continue_()
    expect(tab.locator("h1")).to_have_text("Reports")
    assert tab.problems == []


def test_a_screen_that_does_not_come_is_the_only_one_that_is_missing(sign_in, expect, filled):
    tab = sign_in(is_new=True)
    tab.route("**/screens/reports.mjs", lambda route: route.abort())
    show(tab, address(filled, "/services"))
    tab.get_by_role("link", name="Reports").first.click()
    failed = tab.locator(".notice.failed")
    expect(failed).to_contain_text("This screen could not be loaded.")
    tab.get_by_role("link", name="Services", exact=True).first.click()
    expect(tab.get_by_role("row").filter(has_text="Checkout")).to_be_visible()
    expect(failed).to_have_count(0)
    tab.get_by_role("link", name="Rules").first.click()
    expect(tab.locator("h1")).to_have_text("Rules")
    tab.unroute("**/screens/reports.mjs")
    tab.get_by_role("link", name="Reports").first.click()
    tab.reload()  # a browser may keep a module that did not come
    expect(tab.locator("h1")).to_have_text("Reports")
