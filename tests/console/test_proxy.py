"""The console behind a proxy: refusals, pages in the server's place, answers that are cut off."""

import json
import re
import time
from contextlib import ExitStack

import pytest

from tests.console import sample
from tests.console.proxy import SOON_MS, page
from tests.console.screens import show
from tests.flows.product import PASSWORD, target
from tests.waiting import seconds_until

JSON = "application/json"
_SERVICES = r"/api/v1/services\?limit"
CUT = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n[{"id"'
STRANGE = {
    "a page of 502": page("502 Bad Gateway"),
    "a page of 503": page("503 Service Unavailable"),
    "a page of 504": page("504 Gateway Timeout"),
    "a page of 200": page("200 OK"),
    "nothing": page("200 OK", "", Content_Type=JSON),
    "half of the text": page("200 OK", '{"id": "', Content_Type=JSON),
    "half of the bytes": CUT,
    "a sign-in elsewhere": page("302 Found", "", Location="https://sso.example.com/login"),
    "a sign-in here": page("302 Found", "", Location="/login.html"),
    "a sign-in of HTTP": page("401 Unauthorized", WWW_Authenticate='Bearer realm="proxy"'),
}  # fmt: skip
# What is said to somebody who acts, and whether it says that it may be done.
SAID = {
    "a page of 502": ("had no answer", True),
    "a page of 503": ("had no answer", True),
    "a page of 504": ("had no answer", True),
    "a page of 200": ("Something else answers in place of AlertifyPro", False),
    "nothing": ("did not arrive whole", True),
    "half of the text": ("did not arrive whole", True),
    "half of the bytes": ("did not arrive whole", True),
    "a sign-in elsewhere": ("Something else answers in place of AlertifyPro", False),
    "a sign-in here": ("Something else answers in place of AlertifyPro", False),
    "a sign-in of HTTP": ("Something else answers in place of AlertifyPro", False),
}


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture
def tab(request, open_behind):
    """One such tab, in which nothing is loaded yet."""
    return open_behind(**getattr(request, "param", {}))


def test_what_is_no_answer_of_the_server_is_said_in_a_sentence_and_mends_itself(
    open_behind, expect, proxy
):
    """In tabs side by side: each is tried again after five seconds."""
    tabs = {kind: open_behind(kind) for kind in STRANGE}
    failures = {kind: tab.locator(".notice.failed, .stale") for kind, tab in tabs.items()}
    with ExitStack() as stack:
        rules = {
            kind: stack.enter_context(proxy.answering(_SERVICES, answer, tab=kind))
            for kind, answer in STRANGE.items()
        }
        for kind, tab in tabs.items():
            tab.goto(f"{tab.home}/services")
            expect(failures[kind], kind).to_contain_text(SAID[kind][0])
            expect(failures[kind], kind).not_to_contain_text("It may have got this")
            assert rules[kind].seen, kind
    for kind, tab in tabs.items():
        row = tab.get_by_role("row").filter(has_text="Checkout")
        expect(row, kind).to_be_visible(timeout=SOON_MS)
        expect(failures[kind], kind).to_have_count(0)
        assert not [each for each in tab.problems if "policy" in each or "Uncaught" in each], kind


@pytest.mark.parametrize("kind", STRANGE)
def test_who_saves_behind_it_keeps_what_was_typed_and_hears_whether_it_may_be_done(
    tab, expect, product, proxy, kind
):
    show(tab, f"{tab.home}/services/new")
    tab.get_by_label("What").fill("http://127.0.0.1:9/behind")
    tab.get_by_label("Name", exact=True).fill("Typed behind a proxy")
    said, is_unsure = SAID[kind]
    press = tab.get_by_role("button", name="Start watching")
    with proxy.answering("/api/v1/services$", STRANGE[kind], "POST"):
        press.click()
        failure = tab.locator(".notice.failed")
        expect(failure).to_contain_text(said)
        expect(failure).to_contain_text(
            "look before you repeat it" if is_unsure else "Nothing was changed"
        )
        expect(tab.get_by_label("Name", exact=True)).to_have_value("Typed behind a proxy")
        expect(press).to_be_enabled()
    press.click()
    expect(tab.locator("h1")).to_have_text("Typed behind a proxy")
    (made,) = product.call("GET", "/services?q=Typed+behind")
    product.call("DELETE", f"/services/{made['id']}")


def test_a_sign_in_in_front_is_named_and_opened_beside_what_was_typed(tab, expect, proxy):
    show(tab, f"{tab.home}/services/new")
    tab.get_by_label("Name", exact=True).fill("Half typed")
    sign_in_page = page("302 Found", "", Location="https://sso.example.com/login")
    with proxy.answering("/api/v1/", sign_in_page):
        banner = tab.locator(".banner")
        expect(banner).to_contain_text("Something else answers")
        expect(banner.get_by_role("link", name="Open it in a new tab")).to_be_visible()
    expect(banner).to_have_count(0)
    expect(tab.get_by_label("Name", exact=True)).to_have_value("Half typed")
    expect(tab.locator(".live")).to_have_text("Live", timeout=SOON_MS)


def test_too_many_requests_count_down_and_are_tried_again_by_themselves(open_behind, expect, proxy):
    """In tabs side by side, which wait as long as they were told, or five seconds."""
    told = ["4", "Wed, 21 Oct 2015 07:28:00 GMT", "0", "-5", "soon", ""]
    tabs = {after: open_behind(after) for after in told}
    body = json.dumps({"error": "too many requests; please wait"})
    with ExitStack() as stack:
        rules = {}
        for after, tab in tabs.items():
            refused = page("429 Too Many Requests", body, Content_Type=JSON, Retry_After=after)
            rules[after] = stack.enter_context(proxy.answering(_SERVICES, refused, tab=after))
            tab.goto(f"{tab.home}/services")
            failure = tab.locator(".notice.failed")
            expect(failure, after).to_contain_text("Too many requests; please wait.")
            expect(failure, after).to_contain_text("It is tried again by itself.")
            if after == "4":
                expect(failure).to_contain_text(re.compile(r"Again in [1-4] s\."))
        began, before = time.monotonic(), {after: rule.seen for after, rule in rules.items()}
        tabs["4"].wait_for_timeout(1000)
        for after, rule in rules.items():
            most = time.monotonic() - began + 2  # one each second, at the most
            asked = rule.seen - before[after]
            assert asked <= most, f"somebody asks without end who was told to wait: {after!r}"
    for after, tab in tabs.items():
        row = tab.get_by_role("row").filter(has_text="Checkout")
        expect(row, after).to_be_visible(timeout=SOON_MS)


def test_who_acts_too_often_hears_when_to_come_again(tab, expect, product, proxy):
    body = json.dumps({"error": "too many requests; please wait"})
    refused = page("429 Too Many Requests", body, Content_Type=JSON, Retry_After="30")
    alert = product.sample.ids["alerts"]["Checkout"]
    show(tab, f"{tab.home}/alerts/{alert}")
    with proxy.answering(f"/api/v1/alerts/{alert}/comments", refused):
        tab.get_by_label("Note").fill("A long note")
        tab.get_by_role("button", name="Add").click()
        expect(tab.locator(".toast.failed")).to_contain_text(
            "Too many requests; please wait. Again in 30 s."
        )
        expect(tab.get_by_label("Note")).to_have_value("A long note")


@pytest.mark.parametrize("own", [True, False])
def test_what_is_too_large_is_said_so(tab, expect, proxy, own):
    body = json.dumps({"error": "the body is larger than 1 MiB"})
    refused = (
        page("413 Content Too Large", body, Content_Type=JSON)
        if own
        else page("413 Content Too Large")
    )
    show(tab, f"{tab.home}/services/new")
    tab.get_by_label("What").fill("http://127.0.0.1:9/large")
    with proxy.answering("/api/v1/services$", refused, "POST"):
        tab.get_by_role("button", name="Start watching").click()
        expect(tab.locator(".notice.failed")).to_contain_text("This is more than is taken at once.")


def test_a_session_that_ends_in_the_middle_of_a_snooze_snoozes_after_signing_in(
    tab, expect, product, proxy
):
    with target() as failing:
        failing.status = 503
        service = product.service(failing.url, name="Snoozed late")["id"]

        def fired():
            found = product.call("GET", "/alerts?status=firing")
            return [each["id"] for each in found if each["service_id"] == service]

        seconds_until(fired, 30)
        (alert,) = fired()
        show(tab, f"{tab.home}/alerts/{alert}")
        tab.context.clear_cookies()
        tab.get_by_role("button", name="Snooze").click()
        tab.get_by_role("button", name="2 hours").click()
        asked = tab.get_by_role("dialog", name="Sign in again")
        asked.get_by_label("Password").fill(PASSWORD)
        asked.get_by_role("button", name="Sign in", exact=True).click()
        expect(asked).to_have_count(0)
        expect(tab.locator(".timeline").last).to_contain_text("Snoozed")
        kinds = [each["kind"] for each in product.call("GET", f"/alerts/{alert}")["timeline"]]
        assert kinds.count("snoozed") == 1
        product.call("DELETE", f"/services/{service}")


def test_what_was_typed_is_still_guarded_after_signing_in_again(tab, expect):
    """The dialog has a form of its own, whose end must not be that of the form behind it."""
    show(tab, f"{tab.home}/services/new")
    tab.get_by_label("Name", exact=True).fill("Not saved yet")
    tab.context.clear_cookies()
    tab.get_by_label("What").fill("http://127.0.0.1:9/")
    tab.get_by_role("button", name="Test", exact=True).click()
    asked = tab.get_by_role("dialog", name="Sign in again")
    asked.get_by_label("Password").fill(PASSWORD)
    asked.get_by_role("button", name="Sign in", exact=True).click()
    expect(asked).to_have_count(0)
    questions = []

    def stay(dialog):
        questions.append(dialog.message)
        dialog.dismiss()

    tab.on("dialog", stay)
    tab.get_by_role("link", name="Alerts").first.click()
    assert questions == ["Leave without saving what you have typed?"]
    expect(tab.get_by_label("Name", exact=True)).to_have_value("Not saved yet")
    tab.remove_listener("dialog", stay)
    tab.on("dialog", lambda dialog: dialog.accept())


def test_signing_out_that_is_not_answered_is_told(tab, expect, proxy):
    show(tab, f"{tab.home}/profile")
    with proxy.answering("/api/v1/session", page("502 Bad Gateway"), "DELETE"):
        tab.get_by_role("button", name=f"{sample.OWNER[1]}: profile").click()
        tab.get_by_role("button", name="Sign out", exact=True).click()
        expect(tab.locator(".toast.failed")).to_contain_text("had no answer")


@pytest.mark.parametrize("tab", [{"is_new": True}], indirect=True)  # no module in its cache
def test_a_part_that_does_not_come_is_told(tab, expect, proxy):
    show(tab, f"{tab.home}/services")
    tab.get_by_role("row").filter(has_text="Checkout").focus()
    with proxy.answering(r"/assets/.*ServiceActs", page("502 Bad Gateway")):
        tab.keyboard.press("p")
        expect(tab.locator(".toast.failed")).to_contain_text(
            "A part of the console could not be loaded."
        )


def test_a_choice_that_was_not_saved_shows_again_what_holds(tab, expect, proxy):
    show(tab, f"{tab.home}/organization?tab=members")
    role = tab.get_by_label(f"Role of {sample.VIEWER[1]}")
    with proxy.answering("/api/v1/members/", page("502 Bad Gateway"), "PATCH"):
        role.select_option("editor")
        expect(tab.locator(".toast.failed")).to_contain_text("had no answer")
        expect(role).to_have_value("viewer")


@pytest.mark.parametrize("tab", [{"is_new": True}], indirect=True)
def test_a_chart_whose_module_does_not_come_is_its_numbers(tab, expect, product, proxy):
    with proxy.answering(r"/assets/.*uplot", page("502 Bad Gateway")):
        tab.goto(f"{tab.home}/services/{product.sample.ids['services']['Shop']}")
        expect(tab.get_by_role("region", name="Response times")).to_be_visible()


def test_a_screen_that_cannot_be_drawn_says_so_and_the_rest_of_the_page_lives(
    sign_in, expect, product
):
    tab = sign_in(at="/")

    def broken(route):
        body = "export default function Broken() { return nothing.map(String); }"
        route.fulfill(body=body, content_type="text/javascript")

    tab.route("**/screens/channels.mjs", broken)
    tab.get_by_role("link", name="Channels").first.click()
    expect(tab.locator(".notice.failed")).to_contain_text("This screen could not be drawn.")
    tab.get_by_role("link", name="Services", exact=True).first.click()
    expect(tab.get_by_role("row").filter(has_text="Checkout")).to_be_visible()
