"""The console while the network, the web process or the session is away."""

import os
import signal
from contextlib import contextmanager

import pyotp
import pytest
import requests

from tests.console import sample
from tests.console.conftest import TOLD_MS
from tests.console.screens import address, show
from tests.flows.product import PASSWORD, children_of


@pytest.fixture(scope="module")
def owner(sign_in):
    return sign_in()


@pytest.fixture(scope="module")
def product(filled):
    return filled


def test_without_a_network_the_page_stays_and_comes_back_by_itself(owner, expect, product):
    show(owner, address(product, "/services/new"))
    owner.evaluate("window.sameDocument = true")
    owner.get_by_label("Name", exact=True).fill("Half typed")
    owner.context.set_offline(True)
    owner.get_by_label("What").fill("https://shop.example.com")
    owner.get_by_role("button", name="Start watching").click()
    expect(owner.locator(".notice.failed")).to_contain_text("Nothing was changed")
    expect(owner.locator(".notice.failed")).to_contain_text("send it again")
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


# The banner is a strip across the page, and the page goes on below it, beside the rail.
_ROOM = """() => {
  const [rail, banner, main] = ['.rail', '.banner', '.main'].map((each) =>
    document.querySelector(each).getBoundingClientRect());
  return [
    banner.height > 100 && `the banner is ${banner.height} high`,
    main.width < innerWidth / 2 && `the page is ${main.width} wide`,
    main.left < rail.right - 1 && 'the page is under the rail',
    main.top < banner.bottom - 1 && 'the page is under the banner',
  ].filter(Boolean);
}"""


@contextmanager
def silent(product, name):
    """Stop a server of the product: connections stay open and nobody answers."""
    own = product.child(name)
    stopped = [own, *children_of(own)]
    try:
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in reversed(stopped):
            os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize(
    ("server", "words"),
    [("postgres", "The database is away since "), ("valkey", "Valkey is away since ")],
)
def test_a_page_at_rest_says_what_is_away_and_recovers_by_itself(
    owner, expect, product, server, words
):
    show(owner, address(product, "/services/new"))
    owner.evaluate("window.sameDocument = true")
    owner.get_by_label("Name", exact=True).fill(f"Typed without {server}")
    expect(owner.locator(".live")).to_contain_text("Live")
    with silent(product, server):
        expect(owner.locator(".banner")).to_contain_text(words)
        assert owner.evaluate(_ROOM) == [], "the banner takes the room of the page"
    expect(owner.locator(".banner")).to_have_count(0)
    expect(owner.locator(".live")).to_contain_text("Live")
    expect(owner.get_by_label("Name", exact=True)).to_have_value(f"Typed without {server}")
    assert owner.evaluate("window.sameDocument") is True
    # What is sent after an outage is done, and once.
    owner.get_by_label("What").fill("http://127.0.0.1:9/")
    owner.get_by_role("button", name="Start watching").click()
    expect(owner.locator("h1")).to_have_text(f"Typed without {server}")
    found = product.call("GET", f"/services?q=Typed without {server}")
    assert len(found) == 1
    product.call("DELETE", f"/services/{found[0]['id']}")


PETRA = ("petra@example.com", "Petra Vos")
NEW_PASSWORD = "another horse battery"


def test_a_session_that_ends_costs_nothing_of_what_was_typed(sign_in, expect, product):
    """Signed out in another tab, cookie over after its 72 hours, another password elsewhere."""
    person = {"email": PETRA[0], "full_name": PETRA[1], "password": PASSWORD}
    product.call("POST", "/auth/register", person)
    tab = sign_in(PETRA, is_new=True)
    url = address(product, "/services/new")
    show(tab, url)
    tab.evaluate("window.sameDocument = true")
    tab.get_by_label("What").fill("http://127.0.0.1:9/typed")
    tab.get_by_label("Name", exact=True).fill("Typed before the end")
    other = tab.context.new_page()
    show(other, address(product, "/"))
    other.get_by_role("button", name="Petra Vos: profile").click()
    other.get_by_role("button", name="Sign out", exact=True).click()
    other.locator("h1").filter(has_text="Sign in").wait_for()
    asked = tab.get_by_role("dialog", name="Sign in again")
    expect(asked).to_be_visible()
    tab.keyboard.press("Escape")  # which must not close it, and with it all that was typed
    expect(asked).to_be_visible()
    other.get_by_label("E-mail address").fill(PETRA[0])
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in", exact=True).click()
    expect(asked).to_have_count(0)
    expect(tab.get_by_label("Name", exact=True)).to_have_value("Typed before the end")

    tab.context.clear_cookies()
    tab.get_by_role("button", name="Start watching").click()
    expect(asked.get_by_label("E-mail address")).to_have_value(PETRA[0])
    asked.get_by_label("Password").fill(PASSWORD)
    asked.get_by_role("button", name="Sign in", exact=True).click()
    expect(tab.locator("h1")).to_have_text("Typed before the end")
    counted = "fetch('/api/v1/services').then(found => found.json()).then(list => list.length)"
    assert tab.evaluate(counted) == 1, "the request that met the end is sent once more, and once"

    elsewhere = with_second_factor(product)
    tab.get_by_role("link", name="Edit").click()
    tab.get_by_label("Name", exact=True).fill("Typed before the password")
    elsewhere.put(
        f"{product.api}/profile/password",
        json={"current_password": PASSWORD, "new_password": NEW_PASSWORD},
    ).raise_for_status()
    expect(asked).to_be_visible(timeout=TOLD_MS)  # the live connection ends with the session
    asked.get_by_label("Password").fill(NEW_PASSWORD)
    asked.get_by_role("button", name="Sign in", exact=True).click()
    asked.get_by_label("Code").fill(elsewhere.recovery_code)
    asked.get_by_role("button", name="Continue").click()
    expect(asked).to_have_count(0)
    tab.get_by_role("button", name="Save").click()
    expect(tab.locator("h1")).to_have_text("Typed before the password")
    assert tab.evaluate("window.sameDocument") is True
    assert tab.problems == []


def with_second_factor(product):
    """Petra's session at another device, where a second factor is switched on."""
    session, person = requests.Session(), {"email": PETRA[0], "password": PASSWORD}

    def call(path, body):
        answer = session.post(product.api + path, json=body)
        answer.raise_for_status()
        return answer.json()

    session.headers["Authorization"] = f"Bearer {call('/auth/login', person)['token']}"
    code = pyotp.TOTP(call("/profile/2fa/setup", {})["secret"]).now()
    session.recovery_code = call("/profile/2fa/enable", {"code": code})["recovery_codes"][0]
    return session
