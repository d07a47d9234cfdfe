"""Sound and notification of a browser for critical alerts: off at first, asked for by a press."""

import pytest

from tests.chromium import FLAGS, WHOLE
from tests.console.screens import address, show
from tests.flows.product import target
from tests.waiting import seconds_until

SOUND = "Make a sound when a critical alert fires"
NOTIFICATION = "Show a notification of the browser when a critical alert fires"
PRESS = "Press here once, so that critical alerts can sound"
# What the page makes is really made; this counts it.
_COUNT = """(() => {
  window.tones = 0;
  window.notified = [];
  window.asked = 0;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...given) {
    window.tones += 1;
    return start.apply(this, given);
  };
  const ask = Notification.requestPermission;
  Notification.requestPermission = () => {
    window.asked += 1;
    return ask.call(Notification);
  };
  const close = Notification.prototype.close;
  Notification.prototype.close = function () {
    window.notified = window.notified.filter((each) => each !== this);
    return close.call(this);
  };
  window.Notification = new Proxy(Notification, {
    construct(made, given) {
      const notification = new made(...given);
      window.notified.push(notification);
      return notification;
    },
  });
})()"""
# What drives the browser counts as somebody who presses.
_NEVER_PRESSED = """Object.defineProperty(Navigator.prototype, 'userActivation',
  { value: { hasBeenActive: false } })"""
_TITLES = "window.notified.map((each) => each.title)"


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture(scope="module")
def browser(browser):
    """Chromium as people have it: without windows it has no notifications."""
    if not WHOLE.exists():
        pytest.skip(f"no Chromium that shows notifications at {WHOLE}")
    whole = browser.browser_type.launch(executable_path=str(WHOLE), args=FLAGS)
    yield whole
    whole.close()


@pytest.fixture
def tab(sign_in):
    """A tab of the owner, with what was counted in it; nothing was permitted yet."""
    tab = sign_in(is_new=True)
    tab.context.clear_permissions()
    tab.context.add_init_script(_COUNT)
    return tab


@pytest.fixture
def service(product):
    """A service that is up: (its id, its target)."""
    with target() as watched:
        made = product.service(watched.url, name="Alarming")["id"]
        seconds_until(lambda: product.status(made) == "GREEN", 30)
        yield made, watched
        product.call("DELETE", f"/services/{made}")


def fire(product, service):
    """Let it go down; return the id of its alert."""
    made, watched = service
    watched.status = 503

    def fired():
        found = product.call("GET", "/alerts?status=firing")
        return [each["id"] for each in found if each["service_id"] == made]

    seconds_until(fired, 30)
    return fired()[0]


def heard(tab):
    """Wait until all four tones were heard."""
    seconds_until(lambda: tab.evaluate("window.tones") == 4, 15)


def test_nothing_sounds_and_nothing_is_asked_before_somebody_wants_it(
    tab, expect, product, service
):
    show(tab, address(product, "/profile"))
    for label in (SOUND, NOTIFICATION):
        expect(tab.get_by_label(label)).not_to_be_checked()
    show(tab, address(product, "/alerts"))
    fire(product, service)
    expect(tab.get_by_role("link", name="Alarming").first).to_be_visible()
    assert tab.evaluate("[window.tones, window.notified.length, window.asked]") == [0, 0, 0]
    assert tab.problems == []


def test_a_critical_alert_sounds_and_is_notified_until_somebody_has_it(
    tab, expect, product, service
):
    tab.context.grant_permissions(["notifications"])
    show(tab, address(product, "/profile"))
    tab.get_by_label(SOUND).check()
    heard(tab)  # what it will be like
    tab.get_by_label(NOTIFICATION).check()
    expect(tab.get_by_label(NOTIFICATION)).to_be_checked()
    assert tab.evaluate("window.asked") == 1
    seconds_until(lambda: tab.evaluate(_TITLES) == ["Critical alerts are shown like this"], 15)
    # Another page of this browser, on which nothing was pressed yet.
    problems, tab = tab.problems, tab.context.new_page()
    tab.add_init_script(_NEVER_PRESSED)
    show(tab, address(product, "/services"))
    ask = tab.get_by_role("button", name=PRESS)
    expect(ask).to_be_visible()
    ask.click()
    expect(ask).to_have_count(0)
    assert tab.evaluate("[window.tones, window.notified.length]") == [0, 0], "old alerts are known"
    alert = fire(product, service)
    seconds_until(lambda: tab.evaluate(_TITLES) == ["Alarming"], 15)
    seconds_until(lambda: tab.evaluate("window.tones") == 4, 15)
    product.call("POST", f"/alerts/{alert}/acknowledge", {})
    seconds_until(lambda: tab.evaluate(_TITLES) == [], 15)
    assert tab.evaluate("window.tones") == 4
    assert problems == []


def test_what_fires_while_the_feed_is_away_rings_when_it_is_back(tab, expect, product, service):
    show(tab, address(product, "/profile"))
    tab.get_by_label(SOUND).check()
    heard(tab)
    tab.evaluate("window.tones = 0")
    tab.context.set_offline(True)
    expect(tab.locator(".banner")).to_be_visible()
    fire(product, service)
    tab.context.set_offline(False)
    seconds_until(lambda: tab.evaluate("window.tones") == 4, 30)


def test_a_refusal_is_said_and_asked_no_more(tab, expect, product):
    tab.context.clear_permissions()
    show(tab, address(product, "/profile"))
    choice = tab.get_by_label(NOTIFICATION)
    choice.click()
    expect(tab.locator("#no-notifications")).to_contain_text("This browser refuses")
    expect(choice).not_to_be_checked()
    assert tab.evaluate(_TITLES) == []
    assert tab.problems == []
