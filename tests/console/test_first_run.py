"""From nothing to a message in the chat: how many fields, clicks and seconds a person needs."""

import time
from contextlib import suppress

from playwright.sync_api import Error

from tests.console.keys import Keyboard
from tests.flows.product import PASSWORD, target
from tests.receivers import HttpReceiver
from tests.waiting import seconds_until, stretched

KEY_MS = 40  # how fast somebody types
MOST_SECONDS, MOST_FIELDS, MOST_CLICKS = 180, 9, 8


class Hand:
    """Somebody at a tab: what they fill in and click is counted."""

    def __init__(self, tab):
        self.tab, self.fields, self.clicks = tab, 0, 0

    def fill(self, label, text):
        self.write(self.tab.get_by_label(label, exact=True), text)

    def write(self, field, text):
        field.press_sequentially(text, delay=KEY_MS)
        self.fields += 1

    def click(self, name, role="button"):
        self.tab.get_by_role(role, name=name).first.click()
        self.clicks += 1


def test_a_newcomer_has_a_message_within_three_minutes(open_tab, expect, empty):
    with target() as watched, HttpReceiver() as chat:
        tab = open_tab()
        tab.goto(f"http://127.0.0.1:{empty.port}/sign-up")
        hand, began = Hand(tab), time.monotonic()
        hand.fill("Name", "Nora")
        hand.fill("E-mail address", "newcomer@example.com")
        hand.fill("Password", PASSWORD)
        hand.click("Create account")
        hand.write(tab.get_by_label("Addresses, one a line"), watched.url)
        hand.click("Start watching")
        hand.click("Webhook")
        hand.fill("URL", chat.url)
        hand.click("Continue")
        hand.click("Send a test")
        hand.click("Yes, it arrived")
        assert chat.requests
        told = len(chat.requests)
        hand.click("Practise an outage")
        patience = stretched(MOST_SECONDS)
        expect(tab.get_by_text("was told that it is over")).to_be_visible(timeout=1000 * patience)
        seconds = time.monotonic() - began
        print(f"{hand.fields} fields, {hand.clicks} clicks, {seconds:.0f} s")
        assert len(chat.requests) >= told + 2, "the alert, and the recovery"
        assert seconds <= MOST_SECONDS
        assert hand.fields <= MOST_FIELDS
        assert hand.clicks <= MOST_CLICKS
        assert tab.problems == []


def test_the_first_run_needs_keys_alone(open_tab, expect, empty):
    """From the sign-up to an alert that is heard and acknowledged, the focus seen at every stop."""
    tab = open_tab(timezone_id="Asia/Tokyo")
    with target() as watched, HttpReceiver() as chat:
        tab.goto(f"http://127.0.0.1:{empty.port}/sign-up")
        expect(tab.get_by_label("Name")).to_be_focused()
        keys = Keyboard(tab)
        keys.write("Kim")
        keys.go_to("E-mail address")
        keys.write("kim@example.com")
        keys.go_to("Password")
        keys.write(PASSWORD)
        keys.press("Enter")
        _watches(keys, expect, watched)
        _names_a_channel(keys, expect, chat)
        told = len(chat.requests)
        watched.status = 503
        _sees_it_fail(keys, expect)
        found = tab.evaluate("fetch('/api/v1/organization').then((answer) => answer.json())")
        assert found["timezone"] == "Asia/Tokyo", "its days and months are those of its owner"
        seconds_until(lambda: len(chat.requests) > told, 30)
        _acknowledges_and_leaves(keys, expect)
    assert tab.problems == []


def _heading(keys, expect, text, is_focused=True):
    heading = keys.tab.locator("h1")
    expect(heading).to_have_text(text)
    if is_focused:
        expect(heading).to_be_focused()
    keys.look()


def _go(keys, letter, heading):
    """Go to a screen by g and a letter; pressed again where more than a second lay between them."""
    there = keys.tab.get_by_role("heading", level=1, name=heading)

    def is_there():
        keys.press("g", letter)
        with suppress(Error):
            there.wait_for(timeout=5000)
        return there.is_visible()

    seconds_until(is_there, 30)
    keys.look()


def _watches(keys, expect, watched):
    _heading(keys, expect, "What shall we watch?", is_focused=False)
    expect(keys.tab.get_by_label("Addresses, one a line")).to_be_focused()
    keys.write(watched.url)
    keys.go_to("Test")
    keys.press("Enter")
    expect(keys.tab.locator(".alert-row .status")).to_have_text("Up")
    keys.go_to("Start watching", "Shift+Tab")
    keys.press("Enter")


def _names_a_channel(keys, expect, chat):
    _heading(keys, expect, "Who shall hear of it?")
    expect(keys.tab.get_by_role("button", name="Webhook")).to_be_visible()
    keys.go_to("Webhook")
    keys.press("Enter")
    expect(keys.tab.get_by_label("URL", exact=True)).to_be_focused()
    keys.write(chat.url)
    keys.press("Control+Enter")
    expect(keys.tab.get_by_role("button", name="Send a test")).to_be_focused()
    keys.press("Enter")
    expect(keys.tab.get_by_text("Did it arrive?")).to_be_visible()
    assert chat.requests
    keys.go_to("Yes, it arrived")
    keys.press("Enter")
    _heading(keys, expect, "See it work")
    keys.go_to("Skip")
    keys.press("Enter")
    _heading(keys, expect, "Home")


def _sees_it_fail(keys, expect):
    _go(keys, "s", "Services")
    row = keys.tab.get_by_role("row", name="127.0.0.1")
    expect(row).to_be_visible()
    keys.go_to("127.0.0.1")
    expect(row).to_be_focused()
    keys.press("Enter")
    expect(keys.tab.locator("h1")).to_be_focused()
    keys.go_to("Check now")
    keys.press("Enter")
    expect(keys.tab.locator(".lead .status")).to_contain_text("Down")


def _acknowledges_and_leaves(keys, expect):
    tab = keys.tab
    _go(keys, "a", "Alerts")
    expect(tab.locator(".alert-row a.name")).to_be_visible()
    keys.go_to("127.0.0.1")
    keys.press("Enter")
    expect(tab.get_by_role("button", name="Acknowledge")).to_be_visible()
    keys.go_to("Acknowledge")
    keys.press("Enter")
    expect(tab.locator(".lead")).to_contain_text("Acknowledged by kim@example.com")
    expect(tab.get_by_role("button", name="Snooze")).to_be_focused()
    keys.go_to("Kim: profile, settings, sign out", "Shift+Tab")
    keys.press("Enter")
    keys.press("ArrowUp")
    tab.keyboard.press("Enter")  # the page is left, so there is nothing to look at meanwhile
    _heading(keys, expect, "Sign in", is_focused=False)
    expect(tab.get_by_label("E-mail address")).to_be_focused()
