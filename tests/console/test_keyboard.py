"""The console by keys alone."""

from datetime import datetime, timedelta

import pytest

from tests.console import sample
from tests.console.keys import FOCUSED_NAME, await_focus, tab_to
from tests.console.screens import address, show
from tests.flows.product import PASSWORD
from tests.waiting import seconds_until

_AT_CHECKOUT = "document.activeElement.closest('.alert-row')?.innerText.includes('Checkout')"


@pytest.fixture(scope="module")
def product(filled):
    return filled


def test_a_service_is_made_and_opened_by_keys_alone(sign_in, expect, product):
    tab = sign_in(at="/")
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
    tab = sign_in(at="/")
    keys = tab.keyboard
    keys.press("g")
    keys.press("a")
    expect(tab.locator("h1")).to_have_text("Alerts")
    expect(tab.get_by_role("link", name="Checkout")).to_be_visible()
    for _ in range(40):
        keys.press("Tab")
        if tab.evaluate(_AT_CHECKOUT):  # other alerts may be open, of a heartbeat by now
            break
    keys.press("a")
    row = tab.locator(".alert-row").filter(has_text="Checkout")
    expect(row).to_contain_text("Acknowledged")
    path = "/alerts?status=acknowledged"
    seconds_until(lambda: product.call("GET", path), 20)  # a row says so before the server does
    assert product.call("GET", path)[0]["acknowledged_by"] == sample.OWNER[0]


def test_a_channel_and_an_incident_are_made_by_keys_alone(sign_in, expect, product):
    tab = sign_in(at="/")
    keys = tab.keyboard
    keys.press("Control+k")
    expect(tab.get_by_role("combobox")).to_be_focused()
    keys.type("Channels")
    expect(tab.get_by_role("option").first).to_contain_text("Channels")
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


def test_a_shift_is_overridden_by_keys_alone(sign_in, expect, product):
    tab = sign_in()
    show(tab, address(product, "/on-call?view=list"))
    tab_to(tab, "Override")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("dialog")).to_be_visible()
    tab_to(tab, "Who")
    tab.keyboard.type("Vera")
    tab.keyboard.press("Control+Enter")
    expect(tab.get_by_role("dialog")).to_have_count(0)
    expect(tab.locator(".shifts li").first).to_contain_text("Vera Lind override")


def test_days_of_the_calendar_are_chosen_by_keys_by_dragging_and_taken_back(
    sign_in, expect, product
):
    tab = sign_in(timezone_id="UTC")
    show(tab, address(product, "/on-call?weeks=4"))
    schedule = product.sample.ids["on-call-schedules"]["Shop duty"]
    path = f"/on-call-schedules/{schedule}/overrides"
    before = {each["id"] for each in product.call("GET", path)}
    fields = [tab.get_by_label("From"), tab.get_by_label("To", exact=True)]
    tab.locator(".day").nth(0).focus()
    for key in ("ArrowDown", "Shift+ArrowRight", "Shift+ArrowRight", "Enter"):
        tab.keyboard.press(key)
    monday, thursday = (field.input_value() for field in fields)
    assert datetime.fromisoformat(monday).weekday() == 0
    assert datetime.fromisoformat(thursday) - datetime.fromisoformat(monday) == timedelta(days=3)
    tab.keyboard.press("Control+Enter")
    expect(tab.get_by_role("dialog")).to_have_count(0)
    expect(tab.locator(".shift.override")).to_have_count(1)
    (made,) = (each for each in product.call("GET", path) if each["id"] not in before)
    assert made["from"].startswith(monday)
    tab.get_by_role("button", name="Undo").click()
    expect(tab.locator(".shift.override")).to_have_count(0)
    seconds_until(lambda: {each["id"] for each in product.call("GET", path)} == before, 20)
    # From the middle of the first day to the middle of the third, of seven.
    lane = tab.locator(".lane").first.bounding_box()
    day, middle = lane["width"] / 7, lane["y"] + lane["height"] / 2
    tab.mouse.move(lane["x"] + 0.5 * day, middle)
    tab.mouse.down()
    tab.mouse.move(lane["x"] + 1.7 * day, middle)
    tab.mouse.move(lane["x"] + 2.5 * day, middle)
    tab.mouse.up()
    expect(tab.get_by_role("dialog")).to_be_visible()
    begin, end = (datetime.fromisoformat(field.input_value()) for field in fields)
    assert (begin.weekday(), begin.hour, end - begin) == (0, 12, timedelta(days=2))
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog")).to_have_count(0)
    tab.get_by_role("button", name="In your calendar").click()
    tab.get_by_role("button", name="An address for my shifts").click()
    feed = tab.request.get(tab.locator("dialog pre").inner_text())
    assert feed.ok
    assert "On call: Ada Okafor" in feed.text()
    tab.get_by_role("button", name="End it").click()
    expect(tab.get_by_role("button", name="End it")).to_have_count(0)
    assert not tab.request.get(tab.locator("dialog pre").inner_text()).ok
    tab.set_viewport_size({"width": 320, "height": 700})
    assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert [each for each in tab.problems if "404" not in each] == []


@pytest.mark.parametrize(
    ("path", "opener"),
    [
        ("/on-call", "New override"),
        ("/locations", "New location"),
        ("/maintenance", "Start now"),
        ("/organization?tab=members", "Remove"),
    ],
)
def test_a_dialog_keeps_the_focus_and_gives_it_back(sign_in, expect, product, path, opener):
    tab = sign_in()
    show(tab, address(product, path))
    tab_to(tab, opener)
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("dialog")).to_be_visible()
    for _ in range(12):
        tab.keyboard.press("Tab")
        # Past the last element comes the browser itself, which is the body here.
        assert tab.evaluate("document.activeElement.matches('body, dialog, dialog *')")
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog")).to_have_count(0)
    await_focus(tab, opener)


def test_a_row_is_deleted_by_keys_with_the_focus_at_the_heading_and_undone(
    sign_in, expect, product
):
    rule = product.call("POST", "/alert-rules", {"name": "Aaa by keys", "severity": "info"})
    tab = sign_in()
    show(tab, address(product, "/rules"))
    tab_to(tab, "Delete Aaa by keys")
    tab.keyboard.press("Enter")
    row = tab.get_by_role("link", name="Aaa by keys")
    expect(row).to_have_count(0)
    await_focus(tab, "Rules")
    tab.keyboard.press("Control+z")
    expect(row).to_have_count(1)
    product.call("DELETE", f"/alert-rules/{rule['id']}")


def test_a_rule_is_built_previewed_and_saved_by_keys_alone(sign_in, expect, product):
    tab = sign_in()
    keys = tab.keyboard
    show(tab, address(product, "/rules"))
    keys.press("n")
    expect(tab.locator("h1")).to_have_text("New rule")
    tab_to(tab, "Name")
    keys.press("Control+a")
    keys.type("Slow by keys")
    tab_to(tab, "Metric, row 1")
    keys.press("ArrowDown")
    tab_to(tab, "Comparison, row 1")
    keys.press("ArrowDown")
    tab_to(tab, "Value, row 1")
    keys.press("Control+a")
    keys.type("60000")
    tab_to(tab, "Over which checks, row 1")
    keys.press("ArrowUp")
    said = "When a service has response time at least 60000 ms"
    expect(tab.locator("fieldset.condition")).to_contain_text(said)
    tab_to(tab, "24 hours")
    keys.press("Enter")
    expect(tab.get_by_role("button", name="24 hours")).to_have_attribute("aria-pressed", "true")
    expect(tab.get_by_text("It would have raised no alert")).to_be_visible()
    for _ in range(40):
        keys.press("Shift+Tab")
        if tab.evaluate(FOCUSED_NAME) == "Save":
            break
    keys.press("Enter")
    expect(tab.locator("h1")).to_have_text("Rules")
    (made,) = [
        each for each in product.call("GET", "/alert-rules") if each["name"] == "Slow by keys"
    ]
    product.call("DELETE", f"/alert-rules/{made['id']}")
    assert made["condition"]["operator"] == ">="
    assert made["condition"]["value"] == 60000


def test_the_palette_gives_the_focus_back_and_finds_by_keys(sign_in, expect, product):
    tab = sign_in()
    show(tab, address(product, "/rules"))
    tab_to(tab, "New rule")
    tab.keyboard.press("Control+k")
    box = tab.get_by_role("combobox")
    expect(box).to_be_focused()
    tab.keyboard.type("zzzz nothing")
    expect(tab.get_by_text("Nothing of that name.")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(box).to_have_count(0)
    await_focus(tab, "New rule")
    tab.keyboard.press("Control+k")
    expect(box).to_be_focused()
    tab.keyboard.type("Stock API")
    expect(tab.get_by_role("option").first).to_contain_text("Stock API")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowUp")
    tab.keyboard.press("Enter")
    expect(tab.locator("h1")).to_have_text("Stock API")


def test_the_skip_link_is_first_and_leads_past_the_navigation(sign_in, product):
    tab = sign_in()
    show(tab, address(product, "/services"))
    tab.locator(".brand").focus()  # the focus was at the heading, past all this
    tab.keyboard.press("Shift+Tab")
    assert tab.evaluate(FOCUSED_NAME) == "Skip to the content"
    assert tab.locator(".skip").bounding_box()["y"] >= 0
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.closest('.main') !== null")


def test_the_focus_is_at_the_heading_at_every_visit_of_a_screen(sign_in, expect, product):
    tab = sign_in()
    show(tab, address(product, "/rules"))
    heading = tab.locator("h1")
    for name in ("Channels", "Rules", "Channels"):  # whose module is here from the second on
        tab.locator(".rail").get_by_role("link", name=name).focus()
        tab.keyboard.press("Enter")
        expect(heading).to_have_text(name)
        expect(heading).to_be_focused()


def test_letters_do_nothing_in_a_field_or_when_switched_off(sign_in, expect, product):
    tab = sign_in()
    show(tab, address(product, "/services"))
    tab.keyboard.press("/")
    tab.keyboard.type("gan?")
    expect(tab.locator("h1")).to_have_text("Services")
    expect(tab.get_by_label("Filter services")).to_have_value("gan?")
    person = ("lena@example.com", "Lena Ost")  # whom the choice follows to other tabs
    body = {"email": person[0], "full_name": person[1], "password": PASSWORD}
    product.call("POST", "/auth/register", body)
    tab = sign_in(person)
    show(tab, address(product, "/profile"))
    tab.get_by_label("Single letters do something").uncheck()
    tab.locator("h1").focus()
    tab.keyboard.press("g")
    tab.keyboard.press("s")
    expect(tab.locator("h1")).to_have_text("Profile")


def test_a_filter_keeps_letters_that_come_faster_than_frames(sign_in, expect, product):
    tab = sign_in()
    show(tab, address(product, "/services"))
    field = tab.get_by_label("Filter services")
    field.evaluate("""async (input) => {
      for (const letter of 'gateway') {
        input.value += letter;
        input.dispatchEvent(new InputEvent('input', { bubbles: true }));
        for (let turn = 0; turn < 20; turn += 1) await null; // drawn, with no frame between
      }
    }""")
    expect(field).to_have_value("gateway")
    assert tab.evaluate("new URLSearchParams(location.search).get('q')") == "gateway"
