"""From nothing to a message in the chat: how many fields, clicks and seconds a person needs."""

import tempfile
import time
from pathlib import Path

from tests.console.conftest import PATIENCE_MS
from tests.flows.product import PASSWORD, Product, target
from tests.receivers import HttpReceiver

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


def test_a_newcomer_has_a_message_within_three_minutes(browser, open_tab, expect):
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-first-") as folder,
        Product(Path(folder)) as product,
        target() as watched,
        HttpReceiver() as chat,
    ):
        product.ready()
        tab = open_tab()
        tab.goto(f"http://127.0.0.1:{product.port}/sign-up")
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
        expect(tab.get_by_text("was told that it is over")).to_be_visible(timeout=3 * PATIENCE_MS)
        seconds = time.monotonic() - began
        print(f"{hand.fields} fields, {hand.clicks} clicks, {seconds:.0f} s")
        assert len(chat.requests) >= told + 2, "the alert, and the recovery"
        assert seconds <= MOST_SECONDS
        assert hand.fields <= MOST_FIELDS
        assert hand.clicks <= MOST_CLICKS
        assert tab.problems == []
