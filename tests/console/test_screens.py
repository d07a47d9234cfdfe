"""Every screen of the console, in every width and theme, in every state: in nobody's way."""

import tempfile
from pathlib import Path

import pytest

from tests.console import sample
from tests.flows.product import PASSWORD, Product

pytestmark = pytest.mark.timeout(300)

# Name of what is shown there, and the address; {kind} is an identifier of the sample.
SCREENS = {
    "home": "/",
    "services": "/services",
    "service": "/services/{services}",
    "checks": "/services/{services}?tab=checks",
    "alerts of a service": "/services/{services}?tab=alerts",
    "new service": "/services/new",
    "edit service": "/services/{services}/edit",
    "welcome": "/welcome",
    "alerts": "/alerts",
    "all alerts": "/alerts?tab=all",
    "alert": "/alerts/{alerts}",
    "channels": "/channels",
    "channel types": "/channels/new",
    "new channel": "/channels/new?type=slack",
    "channel": "/channels/{notification-channels}",
    "rules": "/rules",
    "new rule": "/rules/new",
    "rule": "/rules/{alert-rules}",
    "heartbeats": "/heartbeats",
    "new heartbeat": "/heartbeats/new",
    "heartbeat": "/heartbeats/{heartbeats}",
    "edit heartbeat": "/heartbeats/{heartbeats}/edit",
    "on-call": "/on-call",
    "new schedule": "/on-call/new",
    "schedule": "/on-call/{on-call-schedules}",
    "escalation": "/escalation",
    "new policy": "/escalation/new",
    "policy": "/escalation/{escalation-policies}",
    "maintenance": "/maintenance",
    "new window": "/maintenance/new",
    "window": "/maintenance/{maintenance-windows}",
    "certificates": "/certificates",
    "reports": "/reports",
    "status pages": "/pages",
    "new page": "/pages/new",
    "page": "/pages/{status-pages}",
    "edit page": "/pages/{status-pages}/edit",
    "organization": "/organization",
    "members": "/organization?tab=members",
    "teams": "/organization?tab=teams",
    "keys": "/organization?tab=keys",
    "secrets": "/organization?tab=secrets",
    "audit log": "/organization?tab=audit",
    "import and export": "/organization?tab=file",
    "profile": "/profile",
    "server": "/server",
    "nowhere": "/services/x/y/z",
}
ENTRANCES = ("/sign-in", "/sign-up", "/forgot-password", "/reset-password", "/invitation")
VIEWS = [(360, "light"), (360, "dark"), (768, "light"), (1280, "light"), (1280, "dark")]


@pytest.fixture(scope="module")
def product(browser):
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-screens-") as folder,
        Product(Path(folder)) as product,
        sample.shop() as running,
    ):
        product.ready()
        product.sample = sample.fill(product, running)
        yield product


@pytest.fixture(scope="module")
def sign_in(open_tab, product):
    """Opens a tab in which somebody of the sample is signed in."""

    def sign_in(person=sample.OWNER, **options):
        tab = open_tab(**options)
        tab.goto(f"http://127.0.0.1:{product.port}/sign-in")
        tab.get_by_label("E-mail address").fill(person[0])
        tab.get_by_label("Password").fill(PASSWORD)
        tab.get_by_role("button", name="Sign in").click()
        tab.locator(".frame").wait_for()
        return tab

    return sign_in


@pytest.fixture(scope="module")
def owner(sign_in):
    # Axe is given to the page as a text to run, which our policy refuses to everybody else.
    return sign_in(bypass_csp=True)


@pytest.fixture(scope="module")
def axe():
    return pytest.importorskip("axe_playwright_python.sync_playwright").Axe()


def address(product, path):
    made = {kind: next(iter(names.values())) for kind, names in product.sample.ids.items()}
    return f"http://127.0.0.1:{product.port}{path.format(**made)}"


def show(tab, url):
    """Open an address, and wait until nothing is being read any more."""
    tab.goto(url)
    tab.locator("h1").first.wait_for()
    tab.wait_for_load_state("networkidle")


def faults_of(tab, axe):
    """What is wrong, in words: every rule in the light, those of contrast in the dark."""
    found = []
    for width, theme in VIEWS:
        tab.set_viewport_size({"width": width, "height": 800})
        tab.emulate_media(color_scheme=theme)
        rules = {"runOnly": ["color-contrast", "link-in-text-block"]} if theme == "dark" else {}
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
