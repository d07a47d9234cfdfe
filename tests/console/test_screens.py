"""Every screen of the console, in every width and theme: in nobody's way."""

import pytest

from tests.console.accessibility import faults_of, too_wide_at
from tests.console.screens import SCREENS, address, move, show

ENTRANCES = ("/sign-in", "/sign-up", "/forgot-password", "/reset-password", "/invitation")


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture(scope="module")
def owner(sign_in):
    # Axe is given to the page as a text to run, which our policy refuses to everybody else.
    return sign_in(bypass_csp=True)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_is_in_nobodys_way(owner, product, screen):
    owner.problems.clear()
    move(owner, address(product, SCREENS[screen]))
    assert owner.locator("h1").count() == 1
    assert owner.title().endswith("AlertifyPro")
    faults = faults_of(owner) + too_wide_at(owner, (768, 320))  # 320: WCAG 1.4.10
    assert not faults, "\n".join(faults)
    assert owner.problems == []


@pytest.mark.parametrize("path", ENTRANCES)
def test_an_entrance_is_in_nobodys_way(open_tab, product, path):
    tab = open_tab(bypass_csp=True)
    show(tab, address(product, path))
    faults = faults_of(tab) + too_wide_at(tab, (768, 320))
    assert not faults, "\n".join(faults)
    assert tab.problems == []
