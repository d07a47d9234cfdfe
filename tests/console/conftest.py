"""Chromium, the product with the sample in it, and tabs of people who are signed in."""

import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.chromium import CHROMIUM, chromium
from tests.console import sample
from tests.console.screens import COUNT_REQUESTS
from tests.flows.product import PASSWORD, Product

PATIENCE_MS = 20_000
# Every break of the content security policy, Trusted Types among it, comes to the tab's problems.
_TELL_OF_VIOLATIONS = """addEventListener('securitypolicyviolation', (event) => console.error(
  'policy violated: ' + event.effectiveDirective + ' ' + event.blockedURI + ' ' + event.sample))"""


@pytest.fixture(scope="package")
def browser():
    """Chromium, one for all files that a process tests; sessions are of a file or of a test."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def expect():
    """Assertions of Playwright, which wait for what they ask."""
    return pytest.importorskip("playwright.sync_api").expect


@pytest.fixture(scope="module")
def violations():
    """Breaks of the content security policy in the tabs of a file: there may be none."""
    found = []
    yield found
    assert found == []


@pytest.fixture(scope="module")
def contexts(violations):
    """Sessions of the browser that are open, in the order in which they were opened."""
    opened = []
    yield opened
    for context in opened:
        context.close()


@pytest.fixture(autouse=True)
def _own_tabs_closed(request):
    """Close the tabs that the test itself has opened: each draws whatever happens, and costs that.

    Those of a fixture of the file were opened before, and stay.
    """
    if "contexts" not in request.fixturenames:
        yield
        return
    contexts = request.getfixturevalue("contexts")
    kept = len(contexts)
    yield
    while len(contexts) > kept:
        contexts.pop().close()


@pytest.fixture(scope="module")
def open_tab(browser, contexts, violations):
    """Opens a tab with a new session: `problems` and `hosts` say what went on in it."""

    def open_tab(cookies=(), **options):
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(COUNT_REQUESTS)
        context.add_init_script(_TELL_OF_VIOLATIONS)
        context.add_cookies(list(cookies))
        contexts.append(context)
        tab = context.new_page()
        tab.problems, tab.hosts = [], set()
        tab.on("request", lambda asked: tab.hosts.add(urlsplit(asked.url).hostname))
        tab.on("pageerror", lambda error: tab.problems.append(str(error)))
        tab.on("console", lambda message: _collect(tab.problems, message))
        tab.on("console", lambda message: _collect_violation(violations, message))
        return tab

    return open_tab


def _collect_violation(violations, message):
    # The RQ dashboard asks whether it may use `eval`, is told that it may not, and does without.
    is_ours = message.page is None or "/ops/rq" not in message.page.url
    if is_ours and message.text.startswith("policy violated: "):
        violations.append(message.text)


def _collect(problems, message):
    # Chromium reports every 401 as an error; here it is how the console learns who is there.
    if message.type == "error" and "status of 401" not in message.text:
        problems.append(message.text)


@pytest.fixture(scope="package")
def filled():
    """The running product with the sample in it, one for all files that a process tests.

    It ends with the last of them: its ten services are checked as long as it runs.
    """
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-screens-") as folder,
        Product(Path(folder)) as product,
        sample.shop() as running,
    ):
        product.ready()
        product.sample = sample.fill(product, running)
        yield product


@pytest.fixture(scope="module")
def sign_in(open_tab, filled):
    """Opens a tab in which somebody of the sample is signed in, at Home."""

    def sign_in(person=sample.OWNER, **options):
        tab = open_tab(**options)
        home = f"http://127.0.0.1:{filled.port}"
        answer = tab.context.request.post(
            f"{home}/api/v1/session",
            data={"email": person[0], "password": PASSWORD},
            headers={"Origin": home},
        )
        assert answer.ok, answer.text()
        tab.goto(home)
        tab.locator(".frame").wait_for()
        return tab

    return sign_in
