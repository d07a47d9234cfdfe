"""What somebody makes with a form is made once, however often its answer is lost on the way."""

import pytest

from tests.console.proxy import page
from tests.console.screens import show
from tests.flows.product import target
from tests.waiting import seconds_until

LOST = page("504 Gateway Timeout")
HALF = b'HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"id"'


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture
def tab(open_behind):
    return open_behind()


def named(product, path, name):
    return [each["id"] for each in product.call("GET", path) if each["name"] == name]


# By kind: the screen, what opens the form, its label of the name, what is filled in beside it, and
# the button that sends it.
FORMS = {
    "services": ("/services/new", None, "Name", {"What": "http://127.0.0.1:9/"}, "Start watching"),
    "heartbeats": ("/heartbeats/new", None, "Name", {}, "Save"),
    "notification-channels": (
        "/channels/new?type=slack",
        None,
        "Name",
        {"Webhook URL": "https://hooks.slack.com/services/T/B/x"},
        "Add channel",
    ),
    "api-keys": ("/organization?tab=keys", "New key", "Name", {}, "Make it"),
    "locations": ("/locations", "New location", "Name", {}, "Make it"),
    "teams": ("/organization?tab=teams", "New team", "Name", {}, "Save"),
}


@pytest.mark.parametrize("lost", [LOST, HALF], ids=["a page of 504", "half an answer"])
@pytest.mark.parametrize("kind", FORMS)
def test_a_form_that_is_sent_again_makes_one(tab, expect, product, proxy, kind, lost):
    path, opener, label, fields, verb = FORMS[kind]
    name = f"Once {len(lost)}"
    show(tab, f"{tab.home}{path}")
    if opener:
        tab.get_by_role("button", name=opener).first.click()
    for each, value in fields.items():
        tab.get_by_label(each).first.fill(value)
    tab.get_by_label(label, exact=True).first.fill(name)
    press = tab.get_by_role("button", name=verb).last
    with proxy.answering(f"/api/v1/{kind}(\\?|$)", lost, "POST", reaches=True, times=2) as rule:
        for sent in (1, 2):
            press.click()
            seconds_until(lambda sent=sent: rule.seen == sent, 20)
            expect(press).not_to_have_attribute("aria-busy", "true")
            expect(tab.locator(".notice.failed")).to_contain_text("look before you repeat it")
    press.click()
    expect(tab.locator(".notice.failed")).to_have_count(0)
    seconds_until(lambda: named(product, f"/{kind}", name), 20)
    (made,) = named(product, f"/{kind}", name)
    product.call("DELETE", f"/{kind}/{made}")


def test_who_loads_the_page_again_and_sends_again_makes_one(tab, expect, product, proxy):
    show(tab, f"{tab.home}/services/new")
    tab.get_by_label("What").fill("http://127.0.0.1:9/")
    tab.get_by_label("Name", exact=True).fill("Reloaded")
    press = tab.get_by_role("button", name="Start watching")
    with proxy.answering("/api/v1/services$", LOST, "POST", reaches=True, times=1):
        press.click()
        expect(tab.locator(".notice.failed")).to_contain_text("look before you repeat it")
    tab.once("dialog", lambda dialog: dialog.accept())
    tab.reload()
    expect(tab.get_by_label("Name", exact=True)).to_have_value("Reloaded")
    press.click()
    expect(tab.locator("h1")).to_have_text("Reloaded")
    (made,) = named(product, "/services", "Reloaded")
    product.call("DELETE", f"/services/{made}")
    assert (
        tab.evaluate("Object.keys(sessionStorage).filter((each) => each.endsWith('.sent'))") == []
    )


def test_what_was_changed_in_between_is_another(tab, expect, product, proxy):
    show(tab, f"{tab.home}/organization?tab=teams")
    tab.get_by_role("button", name="New team").click()
    name = tab.get_by_label("Name", exact=True)
    press = tab.get_by_role("button", name="Save")
    name.fill("First")
    with proxy.answering("/api/v1/teams", LOST, "POST", reaches=True, times=1):
        press.click()
        expect(tab.locator(".notice.failed")).to_contain_text("look before you repeat it")
    name.fill("Second")
    press.click()
    expect(name).to_have_count(0)
    for each in ("First", "Second"):
        (made,) = named(product, "/teams", each)
        product.call("DELETE", f"/teams/{made}")


def test_what_was_refused_is_judged_anew(tab, expect, product):
    taken = product.call("POST", "/secrets", {"name": "TAKEN", "value": "one"})["id"]
    show(tab, f"{tab.home}/organization?tab=secrets")
    tab.get_by_role("button", name="New secret").first.click()
    tab.get_by_label("Name", exact=True).fill("TAKEN")
    tab.get_by_label("Value", exact=True).fill("two")
    press = tab.get_by_role("button", name="Save", exact=True)
    press.click()
    expect(tab.locator(".notice.failed").first).to_contain_text("exists already")
    product.call("DELETE", f"/secrets/{taken}")
    press.click()
    expect(press).to_have_count(0)
    (made,) = named(product, "/secrets", "TAKEN")
    product.call("DELETE", f"/secrets/{made}")


def test_a_note_is_noted_once_and_the_same_one_later_again(tab, expect, product, proxy):
    with target() as failing:
        failing.status = 503
        service = product.service(failing.url, name="Noted once")["id"]

        def fired():
            found = product.call("GET", "/alerts?status=firing")
            return [each["id"] for each in found if each["service_id"] == service]

        seconds_until(fired, 30)
        (alert,) = fired()

        def notes():
            return [
                each["kind"] for each in product.call("GET", f"/alerts/{alert}")["timeline"]
            ].count("comment")

        show(tab, f"{tab.home}/alerts/{alert}")
        note, press = tab.get_by_label("Note"), tab.get_by_role("button", name="Add", exact=True)
        note.fill("looking")
        with proxy.answering(
            f"/api/v1/alerts/{alert}/comments", LOST, "POST", reaches=True, times=1
        ):
            press.click()
            expect(tab.locator(".toast.failed")).to_contain_text("look before you repeat it")
        press.click()
        expect(note).to_have_value("")
        assert notes() == 1
        note.fill("looking")
        press.click()
        expect(note).to_have_value("")
        assert notes() == 2
        product.call("DELETE", f"/services/{service}")
