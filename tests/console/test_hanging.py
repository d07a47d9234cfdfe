"""Reads that hang: on a connection that is dead without a word, and in a tab that is hidden."""

import pytest

from tests.console.proxy import HELD, SOON_MS
from tests.console.screens import go, show, wait_until_idle
from tests.waiting import seconds_until

# Says that the tab is hidden or shown, as a browser does; that of a test is always shown.
_HIDE = """(isHidden) => {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => isHidden });
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
}"""


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture
def tab(open_behind):
    return open_behind()


def test_a_read_that_hangs_in_a_hidden_tab_is_sent_again_when_the_tab_is_shown(
    tab, expect, product, proxy
):
    shop = product.sample.ids["services"]["Shop"]
    show(tab, f"{tab.home}/services/{shop}")  # whose modules are here from now on
    go(tab, f"{tab.home}/services")
    wait_until_idle(tab)
    tab.evaluate(_HIDE, True)
    with proxy.answering(f"/api/v1/services/{shop}$", HELD, times=1) as held:
        go(tab, f"{tab.home}/services/{shop}")
        seconds_until(lambda: held.seen, 20)
        tab.wait_for_timeout(1500)  # for longer than a read usually takes
        tab.evaluate(_HIDE, False)
        expect(tab.locator("h1")).to_have_text("Shop", timeout=SOON_MS)


def test_a_read_on_a_dead_connection_is_sent_again_while_others_are_answered(
    tab, expect, product, proxy
):
    shop = product.sample.ids["services"]["Shop"]
    with proxy.answering(f"/api/v1/services/{shop}$", HELD, times=1):
        tab.goto(f"{tab.home}/services/{shop}")
        expect(tab.locator("h1")).to_have_text("Shop", timeout=40_000)
