"""A phone at night: from a new account to an incident on the status page, by touch alone."""

import re

import pyotp
import pytest

from tests.console.accessibility import NARROW, too_wide
from tests.console.screens import show
from tests.flows.product import PASSWORD, target
from tests.receivers import HttpReceiver
from tests.waiting import seconds_until

PHONE = {
    "viewport": {"width": NARROW, "height": 740},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
LEAST_TARGET = 44  # pixels, for a finger
# What moves is measured a little wrong (43.99994): a message that comes up is let arrive first.
_ARRIVED = """() => Promise.allSettled(document.getAnimations()
  .filter((each) => Number.isFinite(each.effect.getComputedTiming().endTime))
  .map((each) => each.finished)).then(() => null)"""
_FAULTS = """(least) => [
  ...[...document.querySelectorAll('dialog[open]')]
    .filter((each) => each.scrollWidth > each.clientWidth).map(() => 'the dialog is too wide'),
  ...[...document.querySelectorAll('.button, .head button, .foot a, .foot button, .back')]
    .filter((each) => each.offsetParent && each.getBoundingClientRect().height < least)
    .map((each) => `too low for a finger: ${each.innerText || each.ariaLabel}, in`
      + ` ${each.parentElement.className}, ${each.getBoundingClientRect().height}`),
]"""
LINK = re.compile(rb'https?://[^"\s]+/alerts/[0-9a-f-]{36}')


class Walk:
    """Somebody with a phone, who collects what is too wide or too low at every step."""

    def __init__(self, tab, expect, product):
        self.tab, self.expect, self.product = tab, expect, product
        self.faults = []

    def look(self, name):
        self.tab.evaluate(_ARRIVED)
        found = too_wide(self.tab, NARROW) + self.tab.evaluate(_FAULTS, LEAST_TARGET)
        self.faults += [f"{name}: {each}" for each in found]

    def tap(self, name, within=None):
        # A list that turns out empty brings its own button, in place of that in the head.
        self.expect(self.tab.locator(".skeleton")).to_have_count(0)
        (within or self.tab).get_by_role("button", name=name).first.tap()

    def open(self, path):
        show(self.tab, f"http://localhost:{self.product.port}{path}")

    def heading(self, text):
        self.expect(self.tab.get_by_role("heading", level=1)).to_contain_text(text)

    def signs_up(self):
        self.open("/sign-up")
        self.tab.get_by_label("Name").fill("Nora")
        self.tab.get_by_label("E-mail address").fill("norbert@example.com")
        self.tab.get_by_label("Password").fill(PASSWORD)
        self.look("sign-up")
        self.tap("Create account")
        self.heading("What shall we watch?")

    def watches(self, address, chat):
        self.tab.get_by_label("Addresses, one a line").fill(address)
        self.look("what to watch")
        self.tap("Start watching")
        self.look("kinds of channels")
        self.tap("Mattermost")  # whose messages lead to the alert
        self.tab.get_by_label("Webhook URL", exact=True).fill(chat)
        self.tap("Continue")
        self.tap("Send a test")
        self.expect(self.tab.get_by_text("Did it arrive?")).to_be_visible()
        self.look("test message")
        self.tap("Yes, it arrived")
        self.look("practice")
        self.tap("Skip")
        self.expect(self.tab.get_by_role("heading", name="Home")).to_be_attached()
        self.look("home")

    def sees_it_fail(self):
        self.open("/services")
        self.tab.get_by_role("row").filter(has_text="127.0.0.1").locator("a.name").tap()
        self.tap("Check now")
        self.expect(self.tab.locator(".lead .status.down")).to_be_visible()
        self.look("service that is down")

    def acts_on_the_alert(self, link):
        self.tab.goto(link)
        button = self.tab.get_by_role("button", name="Acknowledge")
        self.expect(button).to_be_visible()
        self.look("alert")
        box = button.bounding_box()
        foot = self.tab.locator(".foot").bounding_box()
        if box["height"] < LEAST_TARGET or box["y"] + box["height"] > foot["y"]:
            self.faults.append(f"the thumb does not reach it: {box}")
        button.tap()
        lead = self.tab.locator(".lead")
        self.expect(lead).to_contain_text("Acknowledged by norbert@example.com")
        self.tab.get_by_label("Note").fill("The disk is full.")
        self.tap("Add")
        self.expect(self.tab.locator(".timeline").last).to_contain_text("The disk is full.")
        self.tap("Snooze")
        self.look("snooze")
        self.tap("30 minutes")
        self.expect(lead).to_contain_text("Snoozed")
        self.tap("Resolve")
        self.heading("resolved by norbert@example.com")
        self.look("resolved alert")

    def invites(self, email):
        self.open("/organization?tab=members")
        self.tap("Invite somebody")
        dialog = self.tab.get_by_role("dialog")
        dialog.get_by_label("E-mail address").fill(email)
        self.look("invite")
        self.tap("Invite", dialog)
        link = dialog.locator(".mono")
        self.expect(link).to_be_visible()
        self.look("invited")
        return link.get_attribute("title")

    def joins(self, link, email):
        self.tab.goto(link)
        self.tab.get_by_label("Name").fill("Bo")
        address = self.tab.get_by_label("E-mail address")
        self.expect(address).to_have_value(email)
        self.expect(address).not_to_be_editable()
        self.tab.get_by_label("Password").fill(PASSWORD)
        self.look("invitation")
        self.tap("Create account and join")
        self.expect(self.tab.locator(".frame")).to_be_visible()
        self.look("home of who has joined")

    def switches_on_a_second_factor(self):
        self.open("/profile")
        self.tap("Set it up")
        key = self.tab.locator("dialog .key")
        self.expect(key).to_be_visible()
        self.look("second factor")
        secret = key.inner_text().replace(" ", "")
        self.tab.get_by_label("Code of the app").fill(pyotp.TOTP(secret).now())
        self.tap("Confirm")
        self.expect(self.tab.get_by_role("dialog", name="Recovery codes")).to_be_visible()
        self.look("recovery codes")
        self.tap("Close")
        self.expect(self.tab.get_by_text("On: signing in asks for a code")).to_be_visible()

    def tells_of_an_incident(self):
        self.open("/pages/new")
        self.tab.get_by_label("Name", exact=True).fill("Our shop")
        self.look("new page")
        self.tap("Save")
        self.heading("Our shop")
        self.tap("Tell of an incident")
        self.tab.get_by_label("Title").fill("Checkout is slow")
        self.look("new incident")
        self.tap("Publish", self.tab.get_by_role("dialog"))
        card = self.tab.get_by_role("article", name="Checkout is slow")
        self.expect(card).to_be_visible()
        self.look("incident")
        self.tap("Post an update")
        self.tab.get_by_label("Message").fill("We have found the cause.")
        self.look("update")
        self.tap("Post", self.tab.get_by_role("dialog"))
        self.expect(card).to_contain_text("We have found the cause.")
        self.look("incident with an update")


@pytest.fixture(scope="module")
def product(filled):
    return filled


def test_an_outage_is_handled_and_told_of_on_a_phone(open_tab, expect, product):
    tab, other = open_tab(**PHONE), open_tab(**PHONE)
    walk = Walk(tab, expect, product)
    with target() as watched, HttpReceiver() as chat:
        walk.signs_up()
        walk.watches(watched.url, chat.url)
        watched.status = 503
        walk.sees_it_fail()
        found = []
        seconds_until(lambda: found.extend(link_in(chat)) or found, 60)
        walk.acts_on_the_alert(found[0])
    invited = Walk(other, expect, product)
    invited.joins(walk.invites("bo@example.com"), "bo@example.com")
    walk.switches_on_a_second_factor()
    walk.tells_of_an_incident()
    assert walk.faults + invited.faults == []
    assert tab.problems + other.problems == []


def link_in(chat):
    """The links to alerts in what a chat was sent."""
    return [link.decode() for sent in list(chat.requests) for link in LINK.findall(sent.body)]
