"""States of the console's screens: forbidden, empty, failing, without a network; and keys alone."""

import pytest

from tests.console import sample
from tests.console.screens import SCREENS, address, show
from tests.flows.product import PASSWORD

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def owner(sign_in):
    return sign_in()


@pytest.fixture(scope="module")
def product(filled):
    return filled


# Screens that a viewer has no part in: they say which role has.
CLOSED_TO_VIEWERS = {"keys": "role editor", "secrets": "role editor", "server": "operators"}


@pytest.fixture(scope="module")
def viewer(sign_in):
    return sign_in(sample.VIEWER)


@pytest.mark.parametrize("screen", SCREENS)
def test_what_a_viewer_may_not_do_says_why(viewer, product, screen):
    viewer.problems.clear()
    show(viewer, address(product, SCREENS[screen]))
    off = viewer.locator(".main .button[aria-disabled=true]:not(.quiet)")
    reasons = [each.get_attribute("title") for each in off.all()]
    assert all(reasons), reasons
    failures = viewer.locator(".notice.failed").all_inner_texts()
    if screen in CLOSED_TO_VIEWERS:
        assert CLOSED_TO_VIEWERS[screen] in failures[0]
        assert all("403" in problem for problem in viewer.problems)
    else:
        assert (failures, viewer.problems) == ([], [])


LISTS = (
    "services", "heartbeats", "alerts", "channels", "rules", "on-call", "escalation",
    "maintenance", "certificates", "reports", "pages", "locations",
)  # fmt: skip


@pytest.fixture(scope="module")
def newcomer(sign_in, product):
    """Somebody whose organization has nothing yet."""
    person = ("nora@example.com", "Nora Berg")
    body = {"email": person[0], "full_name": person[1], "password": PASSWORD}
    product.call("POST", "/auth/register", body)
    tab = sign_in(person)
    for rule in tab.evaluate("fetch('/api/v1/alert-rules').then(r => r.json())"):
        tab.evaluate("id => fetch(`/api/v1/alert-rules/${id}`, {method: 'DELETE'})", rule["id"])
    return tab


@pytest.mark.parametrize("name", LISTS)
def test_an_empty_list_says_what_it_is_for(newcomer, product, name):
    newcomer.problems.clear()
    show(newcomer, f"http://127.0.0.1:{product.port}/{name}")
    assert newcomer.locator(".empty h2").count() == 1
    assert len(newcomer.locator(".empty p").first.inner_text()) > 20
    assert newcomer.problems == []


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_cannot_be_read_says_so_and_tries_again(viewer, expect, product, name):
    address = f"http://127.0.0.1:{product.port}/{name}"
    viewer.route(
        "**/api/v1/**",
        lambda route: (
            route.continue_()
            if "/session" in route.request.url
            else route.fulfill(status=500, json={"error": "something broke"})
        ),
    )
    viewer.goto(address)
    failure = viewer.locator(".notice.failed").first
    expect(failure).to_contain_text("Something broke.")
    viewer.unroute("**/api/v1/**")
    failure.get_by_role("button", name="Try again").click()
    expect(viewer.locator(".notice.failed")).to_have_count(0)


def test_without_a_network_the_page_stays_and_comes_back_by_itself(owner, expect, product):
    show(owner, address(product, "/services/new"))
    owner.evaluate("window.sameDocument = true")
    owner.get_by_label("Name", exact=True).fill("Half typed")
    owner.context.set_offline(True)
    owner.get_by_label("What").fill("https://shop.example.com")
    owner.get_by_role("button", name="Start watching").click()
    expect(owner.locator(".notice.failed")).to_contain_text("Nothing was changed")
    expect(owner.locator(".banner")).to_contain_text("Not connected")
    owner.context.set_offline(False)
    expect(owner.locator(".banner")).to_have_count(0)
    assert owner.get_by_label("Name", exact=True).input_value() == "Half typed"
    owner.on("dialog", lambda dialog: dialog.accept())
    assert owner.evaluate("window.sameDocument") is True


def test_the_web_process_dies_and_comes_back(owner, expect, product):
    show(owner, address(product, "/services"))
    owner.evaluate("window.sameDocument = true")
    expect(owner.locator(".live")).to_contain_text("Live")
    product.kill("web")
    expect(owner.locator(".live")).not_to_contain_text("Live")
    expect(owner.locator(".live")).to_contain_text("Live", timeout=40_000)
    expect(owner.locator(".row")).to_have_count(len(sample.SERVICES))
    assert owner.evaluate("window.sameDocument") is True


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "{{ 7 * 7 }} ${7 * 7} %s",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "\U0001f525" * 20,
    "long" * 50,
    "a\u0301\u0302\u0303\u0304 b\u00a0c",
    "'; DROP TABLE services; --",
)
NAMED = {
    "services": {"endpoint": "http://127.0.0.1:9/", "check_type": "HTTP", "is_active": False},
    "heartbeats": {},
    "notification-channels": {"type": "webhook", "config": {"url": "http://127.0.0.1:9/"}},
    "alert-rules": {"severity": "info", "is_enabled": False},
    "maintenance-windows": {
        "starts_at": "2040-01-01T00:00:00Z",
        "ends_at": "2040-01-01T01:00:00Z",
        "tags": ["nothing"],
    },
    "teams": {},
}
PLACES = {"notification-channels": "channels", "alert-rules": "rules", "teams": "organization"}


@pytest.mark.parametrize("kind", NAMED)
def test_names_of_strangers_are_text_and_fit(owner, product, kind):
    owner.problems.clear()
    place = PLACES.get(kind, kind.partition("-")[0])
    tab = "?tab=teams" if kind == "teams" else ""
    made = [product.call("POST", f"/{kind}", NAMED[kind] | {"name": name}) for name in HOSTILE]
    try:
        for width in (360, 1280):
            owner.set_viewport_size({"width": width, "height": 800})
            show(owner, f"http://127.0.0.1:{product.port}/{place}{tab}")
            assert owner.locator(".main img, .main script").count() == 0
            text = owner.locator(".main").inner_text()
            for name in HOSTILE[:3]:
                assert name in text, name
            assert owner.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    finally:
        for each in made:
            product.call("DELETE", f"/{kind}/{each['id']}")
    assert owner.problems == []


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


def test_a_service_is_made_and_opened_by_keys_alone(sign_in, expect, product):
    tab = sign_in()
    keys = tab.keyboard
    keys.press("g")
    keys.press("s")
    expect(tab.locator("h1")).to_have_text("Services")
    keys.press("n")
    expect(tab.locator("h1")).to_have_text("New service")
    expect(tab.get_by_label("What")).to_be_focused()
    keys.insert_text("curl -X POST -H 'Accept: text/plain' -d a=b http://127.0.0.1:9/by-keys")
    expect(tab.get_by_label("Name", exact=True)).to_have_value("127.0.0.1:9/by-keys")
    keys.press("Control+Enter")
    expect(tab.locator("h1")).to_have_text("127.0.0.1:9/by-keys")
    made = product.call("GET", "/services?q=by-keys")[0]
    assert made["config"] | {"method": "POST", "body": "a=b"} == made["config"]
    product.call("DELETE", f"/services/{made['id']}")


def test_an_alert_is_acknowledged_by_keys_alone(sign_in, expect, product):
    tab = sign_in()
    keys = tab.keyboard
    keys.press("g")
    keys.press("a")
    expect(tab.get_by_role("link", name="Checkout")).to_be_visible()
    for _ in range(40):
        keys.press("Tab")
        if tab.evaluate("document.activeElement.closest('.alert-row') !== null"):
            break
    keys.press("a")
    expect(tab.locator(".alert-row")).to_contain_text("Acknowledged")
    assert (
        product.call("GET", "/alerts?status=acknowledged")[0]["acknowledged_by"] == sample.OWNER[0]
    )


def test_a_channel_and_an_incident_are_made_by_keys_alone(sign_in, expect, product):
    tab = sign_in()
    keys = tab.keyboard
    keys.press("Control+k")
    expect(tab.get_by_role("combobox")).to_be_focused()
    keys.type("Channels")
    keys.press("Enter")
    expect(tab.locator("h1")).to_have_text("Channels")
    keys.press("n")
    tab_to(tab, "Webhook")
    keys.press("Enter")
    tab_to(tab, "URL")
    keys.type("http://127.0.0.1:9/hook")
    keys.press("Control+Enter")
    expect(tab.get_by_role("heading", name="Deliveries")).to_be_visible()
    show(tab, address(product, "/pages/{status-pages}"))
    tab_to(tab, "Tell of an incident")
    keys.press("Enter")
    tab_to(tab, "Title")
    keys.type("Search is slow")
    keys.press("Control+Enter")
    expect(tab.get_by_text("Search is slow").first).to_be_visible()


def test_an_operator_signs_in_to_queues_and_workers(open_tab, expect, product):
    tab = open_tab()
    tab.goto(f"http://127.0.0.1:{product.port}/ops/sign-in")
    tab.get_by_label("E-mail address").fill(sample.OWNER[0])
    tab.get_by_label("Password").fill("wrong horse battery")
    tab.get_by_role("button", name="Sign in").click()
    expect(tab.get_by_role("alert")).to_contain_text("That is not right")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    expect(tab.get_by_text("RQ-dashboard").first).to_be_visible()
    ended = tab.evaluate("fetch('/ops/sign-out', {method: 'POST'}).then(r => r.url)")
    assert ended.endswith("/ops/sign-in")


def tab_to(tab, name):
    """Press Tab until something is focused whose name begins so."""
    found = """() => { const at = document.activeElement; const label = at.labels?.[0];
      return (label?.innerText || at.getAttribute('aria-label') || at.innerText || '').trim(); }"""
    for _ in range(80):
        tab.keyboard.press("Tab")
        if tab.evaluate(found).startswith(name):
            return
    raise AssertionError(f"no {name!r} by Tab")
