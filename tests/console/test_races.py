"""Lists that were read before a frame of the live feed was sent, and arrive after it."""

import pytest

from tests.console.screens import address, move, show
from tests.flows.product import target
from tests.waiting import seconds_until

_SHOWN = """async (id) => {
  const source = document.querySelector('script[type=module]').src;
  const store = await import(source.replace('app.mjs', 'store/services.mjs'));
  const row = store.rowOf(id)?.peek();
  return row && store.services.data.peek().includes(id) ? [row.name, row.status] : null;
}"""
_READING = """async () => {
  const source = document.querySelector('script[type=module]').src;
  const store = await import(source.replace('app.mjs', 'store/services.mjs'));
  return store.services.loading.peek();
}"""


@pytest.fixture(scope="module")
def product(filled):
    return filled


def test_an_answer_that_is_older_than_a_frame_takes_nothing_back(sign_in, product):
    with target() as turning, target() as steady:
        ids = {
            name: product.service(each.url, name=name)["id"]
            for name, each in (("Turning", turning), ("Renamed", steady), ("Deleted", steady))
        }
        for service_id in ids.values():
            seconds_until(lambda each=service_id: product.status(each) == "GREEN", 30)
        tab = sign_in()
        show(tab, address(product, "/services"))
        move(tab, address(product, "/profile"))
        held = []

        def hold(route):
            held.append((route, route.fetch()))

        tab.route("**/api/v1/services?*", hold)
        tab.evaluate("window.sameDocument = true")
        tab.get_by_role("navigation", name="Screens", exact=True).get_by_text("Services").click()
        seconds_until(lambda: tab.evaluate("1") and held, 20)  # it was read, and has not arrived
        turning.status = 503
        product.call("PATCH", f"/services/{ids['Renamed']}", {"name": "Renamed since"})
        product.call("DELETE", f"/services/{ids['Deleted']}")
        made = product.service(steady.url, name="Made since")["id"]
        shown = {
            ids["Turning"]: ["Turning", "RED"],
            ids["Renamed"]: ["Renamed since", "GREEN"],
            ids["Deleted"]: None,
            made: ["Made since", "GREEN"],
        }

        def is_true():
            return {each: tab.evaluate(_SHOWN, each) for each in shown} == shown

        seconds_until(is_true, 30)
        for route, answer in held:
            route.fulfill(response=answer)
        seconds_until(lambda: not tab.evaluate(_READING), 20)
        found = {each: tab.evaluate(_SHOWN, each) for each in shown}
        for service_id in (ids["Turning"], ids["Renamed"], made):
            product.call("DELETE", f"/services/{service_id}")
        assert found == shown
        assert tab.problems == []
