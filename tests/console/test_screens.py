"""Every screen of the console, in every width and theme, in every state: in nobody's way."""

import pytest

from tests.console.screens import SCREENS, address, show

pytestmark = pytest.mark.timeout(300)

ENTRANCES = ("/sign-in", "/sign-up", "/forgot-password", "/reset-password", "/invitation")
VIEWS = [(360, "light"), (360, "dark"), (768, "light"), (1280, "light"), (1280, "dark")]
WHOLE = {(360, "light"), (1280, "light")}
LOOKS = ["color-contrast", "link-in-text-block", "target-size"]


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture(scope="module")
def owner(sign_in):
    # Axe is given to the page as a text to run, which our policy refuses to everybody else.
    return sign_in(bypass_csp=True)


@pytest.fixture(scope="module")
def axe():
    return pytest.importorskip("axe_playwright_python.sync_playwright").Axe()


def faults_of(tab, axe):
    """What is wrong, in words: every rule on a phone and a desk, elsewhere those of looks."""
    found = []
    for width, theme in VIEWS:
        tab.set_viewport_size({"width": width, "height": 800})
        tab.emulate_media(color_scheme=theme)
        rules = {} if (width, theme) in WHOLE else {"runOnly": LOOKS}
        found += [
            f"{width} {theme}: {each['id']} {[node['html'][:140] for node in each['nodes'][:2]]}"
            for each in axe.run(tab, options=rules | {"resultTypes": ["violations"]}).response[
                "violations"
            ]
        ]
        wide = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
        found += [f"{width}: {wide} pixels too wide"] if wide > 0 else []
    tab.set_viewport_size({"width": 320, "height": 640})  # WCAG 1.4.10
    wide = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
    return found + ([f"320: {wide} pixels too wide"] if wide > 0 else [])


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_is_in_nobodys_way(owner, product, axe, screen):
    owner.problems.clear()
    show(owner, address(product, SCREENS[screen]))
    assert owner.locator("h1").count() == 1
    assert owner.title().endswith("AlertifyPro")
    faults = faults_of(owner, axe)
    assert not faults, "\n".join(faults)
    assert owner.problems == []


@pytest.mark.parametrize("path", ENTRANCES)
def test_an_entrance_is_in_nobodys_way(open_tab, product, axe, path):
    tab = open_tab(bypass_csp=True)
    show(tab, address(product, path))
    faults = faults_of(tab, axe)
    assert not faults, "\n".join(faults)
    assert tab.problems == []
