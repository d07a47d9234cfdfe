"""Chromium, the product with the sample in it, and tabs of people who are signed in."""

import tempfile
from collections import defaultdict
from pathlib import Path

import pytest

from tests.chromium import CHROMIUM, PATIENCE_MS, chromium
from tests.console import sample
from tests.console.proxy import TAB, Proxy
from tests.console.screens import COUNT_REQUESTS
from tests.flows.product import PASSWORD, Product

TOLD_MS = 20_000  # within which a page learns by itself what has changed
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


@pytest.fixture(scope="package")
def resting():
    """Sessions in which somebody is signed in and no tab is open, by who and how."""
    return defaultdict(list)


@pytest.fixture(scope="module")
def contexts(violations, resting):
    """Sessions of the browser that are open, in the order in which they were opened."""
    opened = []
    yield opened
    for context in opened:
        _leave(context, resting)


@pytest.fixture(autouse=True)
def _own_tabs_closed(request):
    """Close the tabs that the test itself has opened: each draws whatever happens, and costs that.

    Those of a fixture of the file were opened before, and stay.
    """
    if "contexts" not in request.fixturenames:
        yield
        return
    contexts = request.getfixturevalue("contexts")
    resting = request.getfixturevalue("resting")
    kept = len(contexts)
    yield
    while len(contexts) > kept:
        _leave(contexts.pop(), resting)


def _leave(context, resting):
    """Close the tabs of a session; one that others may take has its cookie and its cache then."""
    if context.kind is None:
        context.close()
        return
    for page in context.pages:
        page.close()
    context.set_offline(False)
    resting[context.kind].append(context)


@pytest.fixture(scope="module")
def new_context(browser, contexts):
    """Opens a session; `kind` says who may take it later, and is nothing where nobody may."""

    def new_context(kind=None, **options):
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
        context.kind = kind
        context.set_default_timeout(PATIENCE_MS)
        # As a press in a browser of people permits it.
        context.grant_permissions(["clipboard-write"])
        context.add_init_script(COUNT_REQUESTS)
        context.add_init_script(_TELL_OF_VIOLATIONS)
        contexts.append(context)
        return context

    return new_context


@pytest.fixture(scope="module")
def tab_of(violations):
    """Opens a tab of a session: `problems` says what went on in it."""

    def tab_of(context):
        tab = context.new_page()
        tab.problems = []
        tab.on("pageerror", lambda error: tab.problems.append(str(error)))
        tab.on("console", lambda message: _collect(tab.problems, message))
        tab.on("console", lambda message: _collect_violation(violations, message))
        return tab

    return tab_of


@pytest.fixture(scope="module")
def open_tab(new_context, tab_of):
    """Opens a tab with a new session, in which nobody is signed in."""
    return lambda **options: tab_of(new_context(**options))


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


@pytest.fixture(scope="package")
def empty():
    """The running product with nobody in it; the first test that runs makes its first account."""
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-first-") as folder,
        Product(Path(folder)) as product,
    ):
        product.ready()
        yield product


@pytest.fixture(scope="module")
def sign_in(new_context, tab_of, contexts, resting, filled):
    """Opens a tab in which somebody of the sample is signed in, empty or `at` a screen.

    It may be of a session that another test has left: signed in, its modules loaded, and nothing
    else kept. A test that needs a browser which was never there, or that changes the session
    itself, says `is_new`.
    """
    home = f"http://127.0.0.1:{filled.port}"

    def sign_in(person=sample.OWNER, *, at=None, is_new=False, **options):
        kind = None if is_new else (person[0], repr(sorted(options.items())))
        if kind and resting[kind]:
            context = resting[kind].pop()
            contexts.append(context)
        else:
            context = new_context(kind=kind, **options)
        if not context.cookies() or not context.request.get(f"{home}/api/v1/session").ok:
            answer = context.request.post(
                f"{home}/api/v1/session",
                data={"email": person[0], "password": PASSWORD},
                headers={"Origin": home},
            )
            assert answer.ok, answer.text()
        tab = tab_of(context)
        _forget(tab, home)
        if at:
            tab.goto(home + at)
            tab.locator(".frame").wait_for()
        return tab

    return sign_in


@pytest.fixture(scope="module")
def proxy(filled):
    """A proxy in front of the sample."""
    running = Proxy(filled.port)
    yield running
    running.close()


@pytest.fixture
def open_behind(sign_in, tab_of, proxy):
    """Opens tabs of Ada's, which reach the product through the proxy; each has a name there."""
    contexts = []

    def open_behind(name="", **options):
        if contexts and not options:
            tab = tab_of(contexts[0])
        else:
            tab = sign_in(**options)
            contexts.append(tab.context)
        tab.set_extra_http_headers({TAB: name})
        tab.home = f"http://127.0.0.1:{proxy.port}"
        tab.faults = []
        tab.on("pageerror", lambda error: tab.faults.append(str(error)))
        tabs.append(tab)
        return tab

    tabs = []
    yield open_behind
    assert [fault for tab in tabs for fault in tab.faults] == [], "something went unhandled"


def _forget(tab, home):
    """Clear what the console has kept in a browser, but for its cookie."""
    kinds = "local_storage,indexeddb,cache_storage,service_workers"
    tools = tab.context.new_cdp_session(tab)
    tools.send("Storage.clearDataForOrigin", {"origin": home, "storageTypes": kinds})
    tools.detach()
