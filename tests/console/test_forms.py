"""Forms of times and places: in the zone of the person, with locations by their names."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from tests.console import sample
from tests.console.screens import address, show
from tests.waiting import seconds_until


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture(scope="module")
def traveller(sign_in, product):
    """Ada, who lives in Tokyo, at a browser in New York."""
    ada = {"full_name": sample.OWNER[1], "email": sample.OWNER[0]}
    product.call("PUT", "/profile", ada | {"timezone": "Asia/Tokyo"})
    yield sign_in(timezone_id="America/New_York")
    product.call("PUT", "/profile", ada | {"timezone": "UTC"})


def test_a_window_is_planned_in_the_zone_of_the_profile(traveller, expect, product):
    show(traveller, address(product, "/maintenance/new"))
    traveller.get_by_label("Name").fill("Move")
    traveller.get_by_label("From").fill("2040-03-01T10:00")
    traveller.get_by_label("To", exact=True).fill("2040-03-01T12:30")
    expect(traveller.get_by_text("Both in Asia/Tokyo.")).to_be_visible()
    traveller.get_by_role("button", name="Save").click()
    expect(traveller.get_by_role("article", name="Move")).to_contain_text("10:00")
    (made,) = [
        each for each in product.call("GET", "/maintenance-windows") if each["name"] == "Move"
    ]
    assert made["starts_at"].startswith("2040-03-01T01:00:00")
    assert made["ends_at"].startswith("2040-03-01T03:30:00")
    show(traveller, address(product, f"/maintenance/{made['id']}"))
    assert traveller.get_by_label("From").input_value() == "2040-03-01T10:00"
    product.call("DELETE", f"/maintenance-windows/{made['id']}")


def test_an_override_is_planned_in_the_zone_of_the_profile(traveller, expect, product):
    show(traveller, address(product, "/on-call"))
    traveller.get_by_role("button", name="New override").click()
    day = f"{datetime.now(UTC) + timedelta(days=3):%Y-%m-%d}"
    traveller.get_by_label("From").fill(f"{day}T10:00")
    traveller.get_by_label("To", exact=True).fill(f"{day}T09:00")
    traveller.get_by_role("button", name="Save").click()
    expect(traveller.get_by_text("The end is after the beginning.").first).to_be_visible()
    traveller.get_by_label("To", exact=True).fill(f"{day}T18:00")
    traveller.get_by_role("button", name="Save").click()
    expect(traveller.get_by_role("dialog")).to_have_count(0)
    schedule = product.sample.ids["on-call-schedules"]["Shop duty"]
    path = f"/on-call-schedules/{schedule}/overrides"
    made = [each for each in product.call("GET", path) if each["from"].startswith(day)]
    assert [each["from"][11:19] for each in made] == ["01:00:00"]
    traveller.get_by_role("button", name="Delete the override of Ada Okafor").click()
    show(traveller, address(product, "/rules"))  # what waits is sent when the page is left
    seconds_until(
        lambda: all(not each["from"].startswith(day) for each in product.call("GET", path)), 20
    )


def test_a_page_and_its_incidents_keep_times_in_the_zone_of_the_profile(traveller, expect, product):
    page_id = next(iter(product.sample.ids["status-pages"].values()))
    path = f"/status-pages/{page_id}"
    before = product.call("GET", path)["announcement"]
    show(traveller, address(product, "/pages/{status-pages}"))
    traveller.get_by_role("button", name="Tell of an incident").click()
    traveller.get_by_label("Title").fill("Told from Tokyo")
    traveller.get_by_label("Next update by").fill("2040-03-01T10:00")
    traveller.get_by_label("Keep it as a draft").check()
    traveller.get_by_role("button", name="Keep as a draft").click()
    expect(traveller.get_by_role("dialog")).to_have_count(0)
    (made,) = [
        each
        for each in product.call("GET", f"{path}/incidents")
        if each["title"] == "Told from Tokyo"
    ]
    product.call("DELETE", f"{path}/incidents/{made['id']}")
    assert made["next_update_at"].startswith("2040-03-01T01:00:00")
    show(traveller, address(product, "/pages/{status-pages}/edit"))
    traveller.locator("summary").filter(has_text="Announcement").click()
    traveller.get_by_label("A text on top of the page").fill("We move")
    traveller.get_by_label("Until").fill("2040-03-01T12:30")
    assert traveller.get_by_label("Until").input_value() == "2040-03-01T12:30"
    expect(traveller.get_by_text("Both in Asia/Tokyo.")).to_be_visible()
    traveller.get_by_role("button", name="Save").click()
    expect(traveller.locator("h1")).not_to_have_text("Edit page")
    kept = product.call("GET", path)["announcement"]
    product.call("PATCH", path, {"announcement": before})
    assert kept["ends_at"].startswith("2040-03-01T03:30:00")


def test_the_monthly_report_is_ordered_and_ended_by_a_form(traveller, expect, product):
    show(traveller, address(product, "/reports"))
    wanted = traveller.get_by_label("Send me the report of each month")
    expect(wanted).not_to_be_checked()
    wanted.check()
    target = traveller.get_by_label("Its target in percent")
    target.fill("100")
    save = traveller.get_by_role("button", name="Save", exact=True)
    save.click()
    expect(target).to_be_focused()
    assert target.get_attribute("aria-invalid") == "true"
    target.fill("99.5")
    save.click()
    expect(traveller.get_by_text("You get the monthly report.")).to_be_visible()
    kept = product.call("GET", "/reports/monthly")
    assert (kept["is_subscribed"], kept["sla_target"]) == (True, 99.5)
    show(traveller, address(product, "/reports"))
    expect(target).to_have_value("99.5")
    wanted.uncheck()
    save.click()
    expect(traveller.get_by_text("You get no more monthly reports.")).to_be_visible()
    assert product.call("GET", "/reports/monthly")["is_subscribed"] is False


@pytest.mark.parametrize(
    ("zone", "text", "instant"),
    [
        ("Europe/Berlin", "2026-07-01T12:00", "2026-07-01T10:00:00.000Z"),
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:30:00.000Z"),  # does not exist
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30:00.000Z"),  # comes twice
        ("Asia/Kathmandu", "2026-07-01T05:45", "2026-07-01T00:00:00.000Z"),
        ("Pacific/Kiritimati", "2026-01-01T14:00", "2026-01-01T00:00:00.000Z"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30:00.000Z"),
    ],
)
def test_a_wall_time_is_one_instant(traveller, zone, text, instant):
    found = traveller.evaluate(
        """async ([text, zone]) => {
          const app = document.querySelector('script[type=module]').src;
          const time = await import(app.replace('app.mjs', 'lib/wall-times.mjs'));
          const at = time.momentOfWallTime(text, zone);
          return [new Date(at).toISOString(), time.wallTime(at, zone)];
        }""",
        [text, zone],
    )
    assert found[0] == instant
    assert found[1] == (text if text != "2026-03-29T02:30" else "2026-03-29T03:30")


@pytest.mark.parametrize(
    ("zone", "at", "minutes"),
    [
        ("Europe/Berlin", "2026-07-01T01:00:00Z", 300),
        ("Europe/Berlin", "2026-07-01T06:00:00Z", 1440),
        ("Europe/Berlin", "2026-07-01T05:59:30Z", 1),
        ("America/New_York", "2026-07-01T01:00:00Z", 660),
        ("Europe/Berlin", "2026-03-28T20:00:00Z", 600),  # an hour less of that night
    ],
)
def test_until_the_morning_is_by_the_clock_of_the_viewer(traveller, zone, at, minutes):
    found = traveller.evaluate(
        """async ([at, zone]) => {
          const app = document.querySelector('script[type=module]').src;
          const { minutesUntil } = await import(app.replace('app.mjs', 'lib/wall-times.mjs'));
          return minutesUntil('08:00', Date.parse(at), zone);
        }""",
        [at, zone],
    )
    assert found == minutes


def test_a_service_that_was_half_typed_when_the_page_was_loaded_again_is_saved(
    traveller, expect, product
):
    show(traveller, address(product, "/services/new"))
    traveller.get_by_label("What").fill("http://127.0.0.1:9/again")
    traveller.get_by_label("Name", exact=True).fill("Typed and loaded again")
    traveller.once("dialog", lambda dialog: dialog.accept())
    traveller.reload()
    expect(traveller.get_by_label("Name", exact=True)).to_have_value("Typed and loaded again")
    traveller.get_by_role("button", name="Start watching").click()
    expect(traveller.locator("h1")).to_have_text("Typed and loaded again")
    product.call("DELETE", urlsplit(traveller.url).path)


def test_a_service_is_checked_from_a_location_by_its_name(traveller, expect, product):
    made = product.call("POST", "/locations", {"name": "Berlin office"})
    show(traveller, address(product, "/services/new"))
    traveller.get_by_label("What").fill("http://127.0.0.1:9/berlin")
    traveller.locator("summary").filter(has_text="Regions").click()
    traveller.get_by_role("checkbox", name="Berlin office").check()
    traveller.get_by_role("checkbox", name="This server").uncheck()
    traveller.get_by_role("button", name="Start watching").click()
    expect(traveller.locator("h1")).to_have_text("127.0.0.1:9/berlin")
    (service,) = product.call("GET", "/services?q=berlin")
    assert service["regions"] == [made["region"]]
    product.call("DELETE", f"/services/{service['id']}")
    product.call("DELETE", f"/locations/{made['id']}")


def test_contact_methods_are_saved_tried_and_removed(traveller, expect, product):
    show(traveller, address(product, "/profile"))
    card = traveller.locator("section.card").filter(has_text="How you are reached")
    (chat,) = (
        each["config"]["url"]
        for each in product.call("GET", "/notification-channels")
        if each["name"] == "Ops chat"
    )
    for way, field, value in (
        ("Webhook", "URL", chat),
        ("E-mail", "To", "night@example.com"),
    ):
        card.get_by_role("button", name="Add a way").click()
        card.locator(".items").get_by_role("button", name=way).click()
        method = card.locator("fieldset").filter(has=traveller.locator("legend", has_text=way))
        method.get_by_label(field, exact=True).fill(value)
    expect(card.get_by_role("button", name="Send a test").first).to_be_disabled()
    card.get_by_role("button", name="Save").click()
    expect(card.get_by_role("button", name="Send a test").first).to_be_enabled()
    saved = product.call("GET", "/profile")["contact_methods"]
    assert [each["config"] for each in saved] == [{"url": chat}, {"to": ["night@example.com"]}]
    card.get_by_role("button", name="Send a test").first.click()
    outcome = card.get_by_role("group", name="Webhook").get_by_role("status")
    expect(outcome).to_contain_text("The receiver took it")
    for _ in saved:
        card.get_by_role("button", name="Remove", exact=True).first.click()
    card.get_by_role("button", name="Save").click()
    expect(card).to_contain_text("By mail to your address")
    seconds_until(lambda: product.call("GET", "/profile")["contact_methods"] == [], 20)


def test_a_duration_that_is_none_is_said_so_in_words_until_it_is_mended(traveller, expect, product):
    show(traveller, address(product, "/services/new"))
    traveller.get_by_label("What").fill("http://127.0.0.1:9/duration")
    traveller.get_by_label("How often").fill("banana")
    traveller.get_by_role("button", name="Start watching").click()
    wrong = traveller.locator(".notice.failed")
    expect(wrong).to_contain_text("Write a duration, such as 30s, 5m or 1h30.")
    assert product.call("GET", "/services?q=duration") == []
    traveller.get_by_label("How often").fill("5m")
    expect(wrong).to_have_count(0)
    traveller.get_by_role("button", name="Start watching").click()
    expect(traveller.locator("h1")).to_have_text("127.0.0.1:9/duration")
    (made,) = product.call("GET", "/services?q=duration")
    assert made["check_interval_seconds"] == 300
    product.call("DELETE", f"/services/{made['id']}")


def test_what_the_server_refused_is_gone_when_it_is_mended(traveller, expect, product):
    show(traveller, address(product, "/services/new"))
    traveller.get_by_label("What").fill("http://not a host/")
    traveller.get_by_label("Name", exact=True).fill("Refused")
    traveller.get_by_role("button", name="Start watching").click()
    expect(traveller.locator(".notice.failed")).to_contain_text("One field needs a look")
    traveller.get_by_label("What").fill("http://127.0.0.1:9/")
    expect(traveller.locator(".notice.failed")).to_have_count(0)
    traveller.once("dialog", lambda dialog: dialog.accept())
    show(traveller, address(product, "/services"))


def test_a_second_press_waits_for_what_the_first_began(sign_in, expect, product):
    tab, held = sign_in(), []
    tab.route("**/services/*/check**", lambda route: held.append(route))
    show(tab, address(product, "/services/{services}"))
    button = tab.get_by_role("button", name="Check now")
    button.evaluate("(each) => { each.click(); each.click(); }")
    expect(button).to_have_attribute("aria-busy", "true")
    button.evaluate("(each) => each.click()")
    seconds_until(lambda: tab.evaluate("1") and held, 20)
    for route in held:
        route.continue_()
    expect(button).not_to_have_attribute("aria-busy", "true")
    assert len(held) == 1
    assert tab.problems == []
