"""Screens while they load, when they fail and where there is nothing yet; and without colours."""

from contextlib import suppress

import pytest
from playwright.sync_api import Error

from tests.console import sample
from tests.console.accessibility import faults_of
from tests.console.screens import SCREENS, address, go, hosts_of, move, show
from tests.flows.product import PASSWORD

# Each width once, each theme once: these screens are a heading and one part.
VIEWS = ((1280, "light"), (360, "dark"))
# What a screen is made of, without its words: what is made of the same was checked already.
_MARKUP = """() => { const copy = document.querySelector('.main, main').cloneNode(true);
  const words = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) words.currentNode.data = words.currentNode.data.trim() && 'x';
  return copy.innerHTML.replace(/ (id|href|for|aria-[a-z]+|title|value)="[^"]*"/g, ' $1'); }"""
# Screens that read nothing before somebody does something.
AT_ONCE = {"nowhere", "welcome", "new window", "new page", "import and export"}
LISTS = (
    "services", "heartbeats", "alerts", "channels", "rules", "on-call", "escalation",
    "maintenance", "certificates", "reports", "pages", "locations",
)  # fmt: skip
_DRAWN = """() => new Promise((resolve) => {
  const look = () => (document.querySelector('h1') && document.querySelector('.bone')
    ? resolve(true) : setTimeout(look, 20));
  setTimeout(() => resolve(document.querySelector('h1') !== null), 1000);
  look();
})"""


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture(scope="module")
def owner(sign_in, product):
    tab = sign_in(bypass_csp=True)
    tab.hosts = hosts_of(tab)
    show(tab, address(product, "/"))
    return tab


@pytest.fixture
def fresh(sign_in, product):
    """A tab that has read nothing but who is signed in; `answer` says what comes of the rest."""
    tab = sign_in(bypass_csp=True)
    held = []
    tab.answer = held.append

    def answer(route):
        # A server that seems to be away, and back while somebody tries again, is another matter:
        # then lists are read once more that no screen has asked for yet.
        own = any(part in route.request.url for part in ("/session", "/auth/", "/ready"))
        (lambda passed: passed.continue_() if own else tab.answer(passed))(route)

    tab.route("**/api/v1/**", answer)
    tab.goto(address(product, "/"))
    tab.locator("h1").wait_for()
    yield tab
    for route in held:
        with suppress(Error):  # of a request that the screen itself gave up
            route.abort()


def new_faults(tab, name, checked):
    """Violations of a screen, unless one of the same markup was checked."""
    markup = tab.evaluate(_MARKUP)
    if markup in checked:
        return []
    checked.add(markup)
    return [f"{name}: {each}" for each in faults_of(tab, VIEWS)]


def test_a_screen_that_is_loading_says_so_to_everybody(fresh, product):
    faults, checked = [], set()
    for name in SCREENS:
        go(fresh, address(product, SCREENS[name]))
        assert fresh.evaluate(_DRAWN), f"{name} has no heading"
        faults += new_faults(fresh, name, checked)
        busy = fresh.locator("[aria-busy=true]").count()
        faults += [f"{name}: nothing is busy"] if not busy and name not in AT_ONCE else []
    assert not faults, "\n".join(faults)
    assert fresh.problems == []


def test_a_screen_that_fails_says_so_to_everybody_and_tries_again(fresh, expect, product):
    faults, checked = [], set()
    failing = {"status": 500, "json": {"error": "something broke"}}
    for name in SCREENS:
        fresh.answer = lambda route: route.fulfill(**failing)
        move(fresh, address(product, SCREENS[name]))
        faults += new_faults(fresh, name, checked)
        failures = fresh.locator(".notice.failed")
        if name in LISTS:
            expect(failures.first).to_contain_text("Something broke.")
            fresh.answer = lambda route: route.continue_()
            # What a screen asks for apart fails apart, and is asked again apart.
            for left in reversed(range(failures.count())):
                failures.get_by_role("button", name="Try again").first.click()
                expect(failures).to_have_count(left)
    assert not faults, "\n".join(faults)
    assert all("status of 500" in problem for problem in fresh.problems)


@pytest.fixture(scope="module")
def newcomer(sign_in, product):
    """Somebody whose organization has nothing yet."""
    person = ("nora@example.com", "Nora Berg")
    body = {"email": person[0], "full_name": person[1], "password": PASSWORD}
    product.call("POST", "/auth/register", body)
    tab = sign_in(person, at="/", bypass_csp=True)
    for rule in tab.evaluate("fetch('/api/v1/alert-rules').then(r => r.json())"):
        tab.evaluate("id => fetch(`/api/v1/alert-rules/${id}`, {method: 'DELETE'})", rule["id"])
    return tab


def test_a_screen_with_nothing_in_it_says_what_it_is_for(newcomer, product):
    newcomer.problems.clear()
    faults = []
    for name, path in SCREENS.items():
        if "{" in path or name == "server":  # which is of operators
            continue
        move(newcomer, address(product, path))
        faults += [f"{name}: {each}" for each in faults_of(newcomer, VIEWS)]
        if name in LISTS:
            assert newcomer.locator(".empty h2").count() == 1, name
            assert len(newcomer.locator(".empty p").first.inner_text()) > 20, name
    assert not faults, "\n".join(faults)
    assert newcomer.problems == []


def test_a_second_visit_asks_for_little_and_nobody_else(owner, product):
    url = address(product, "/services")
    show(owner, url)
    tools = owner.context.new_cdp_session(owner)
    tools.send("Network.enable")
    asked, kept, sizes = {}, set(), {}
    tools.on("Network.responseReceived", lambda e: asked.update({e["requestId"]: e["response"]}))
    tools.on("Network.requestServedFromCache", lambda e: kept.add(e["requestId"]))
    tools.on(
        "Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]})
    )
    show(owner, url)
    tools.detach()
    fetched = [
        (response["url"], sizes.get(request, 0))
        for request, response in asked.items()
        if request not in kept
        and not response.get("fromDiskCache")
        and "/api/" not in response["url"]
    ]
    print(fetched)
    assert len(fetched) <= 5, fetched
    assert sum(size for _, size in fetched) <= 5_000, fetched
    assert owner.hosts == {"127.0.0.1"}


def test_shapes_and_borders_stay_where_colours_are_forced(owner, product):
    owner.emulate_media(forced_colors="active")
    show(owner, address(product, "/services"))
    drawn = owner.evaluate(
        """() => [...document.querySelectorAll('.row .status svg, .row .bars')].map((each) =>
        [each.getBoundingClientRect().width, getComputedStyle(each).forcedColorAdjust])"""
    )
    owner.emulate_media(forced_colors="none")
    assert len(drawn) >= 2 * len(sample.SERVICES)
    assert all(width > 5 and adjust == "none" for width, adjust in drawn)


def test_nothing_moves_where_people_want_it_still(owner, product):
    owner.emulate_media(reduced_motion="reduce")
    for path in ("/services", "/alerts", "/on-call", "/services/new", "/wall"):
        move(owner, address(product, path))
        moving = owner.evaluate(
            """() => [...document.querySelectorAll('*')].filter((one) => {
              const own = [null, '::before', '::after'].map((part) => getComputedStyle(one, part));
              return own.some((style) => parseFloat(style.transitionDuration) > 0
                || style.animationName !== 'none');
            }).length"""
        )
        assert moving == 0, path
    owner.emulate_media(reduced_motion="no-preference")
