"""Every screen of the console, in every width and theme: in nobody's way."""

import re
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.console.accessibility import faults_of, misnamed, too_wide_at, too_wide_spaced
from tests.console.screens import ENTRANCES, SCREENS, address, move, show
from tests.flows.product import PASSWORD
from tests.waiting import seconds_until


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture(scope="module")
def owner(sign_in):
    # Axe is given to the page as a text to run, which our policy refuses to everybody else.
    return sign_in(at="/", bypass_csp=True)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_is_in_nobodys_way(owner, product, screen):
    owner.problems.clear()
    move(owner, address(product, SCREENS[screen]))
    assert owner.locator("h1").count() == 1
    assert owner.title().endswith("AlertifyPro")
    faults = misnamed(owner) + faults_of(owner)
    faults += too_wide_at(owner, (768, 320)) + too_wide_spaced(owner)
    assert not faults, "\n".join(faults)
    assert owner.problems == []


def test_a_drag_over_the_chart_zooms_and_a_button_zooms_out(owner, expect, product):
    owner.set_viewport_size({"width": 1280, "height": 800})
    show(owner, address(product, "/services/{services}"))
    plot = owner.locator(".u-over")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    middle = box["y"] + box["height"] / 2
    owner.mouse.move(box["x"] + box["width"] / 4, middle)
    owner.mouse.down()
    owner.mouse.move(box["x"] + box["width"] / 3, middle)
    owner.mouse.move(box["x"] + box["width"] / 2, middle)
    owner.mouse.up()
    out = owner.get_by_role("link", name="Zoom out")
    expect(out).to_be_visible()
    query = parse_qs(urlsplit(owner.url).query)
    begin, end = (datetime.fromisoformat(query[name][0]) for name in ("from", "to"))
    assert timedelta(hours=4) < end - begin < timedelta(hours=8), "a quarter of 24 hours"
    out.click()
    expect(out).to_have_count(0)


def test_a_chart_that_comes_after_its_place_has_gone_draws_nothing(sign_in, expect, product):
    """The table is asked for while the chart's module is on its way; then the window is resized."""
    tab, waiting = sign_in(is_new=True), []  # whose browser has not loaded the module before
    tab.route("**/vendor/uplot.mjs", lambda route: waiting.append(route))
    tab.goto(address(product, "/services/{services}"))
    tab.get_by_role("button", name="Show as table").click()
    expect(tab.get_by_role("region", name="Response times")).to_be_visible()
    seconds_until(lambda: tab.evaluate("1") and waiting, 20)  # it is on its way
    for route in waiting:
        route.continue_()
    tab.set_viewport_size({"width": 900, "height": 700})
    tab.get_by_role("button", name="Show as chart").click()
    expect(tab.locator(".u-over")).to_be_visible()
    tab.set_viewport_size({"width": 1280, "height": 800})
    tab.get_by_role("link", name="Services", exact=True).first.click()
    expect(tab.locator("h1")).to_have_text("Services")
    tab.set_viewport_size({"width": 900, "height": 700})
    assert tab.problems == []


@pytest.fixture
def call(owner):
    """Calls a function of a module of the console with each of some texts."""

    def call(module, name, texts, *rest):
        return owner.evaluate(
            """async ([module, name, texts, rest]) => {
              const app = document.querySelector('script[type=module]').src;
              const found = await import(app.replace('app.mjs', module));
              return texts.map((text) => found[name](text, ...rest));
            }""",
            [module, name, texts, list(rest)],
        )

    return call


def test_times_that_the_server_wrote_are_shown_by_the_clock_of_the_viewer(call):
    said = {
        "no ping came by 2026-07-01 12:05:00 UTC": "no ping came by 14:05:00 CEST",
        "no ping came by 2026-07-01T12:05:00Z.": "no ping came by 14:05:00 CEST.",
        "it ended at 2026-06-30T23:30:00+02:00; yes": "it ended at Tue 30 Jun 2026,"
        " 23:30:00 CEST; yes",
        "2026-07-01T12:05:00.250Z and 2026-07-01 12:06 UTC": "14:05:00 CEST and 14:06:00 CEST",
        "version 2026-07-01 12:05": "version 2026-07-01 12:05",
        "host 2026-99-01 12:05:00 UTC": "host 2026-99-01 12:05:00 UTC",
    }
    now = datetime.fromisoformat("2026-07-01T20:00:00Z").timestamp() * 1000
    found = call("lib/time.mjs", "withLocalTimes", list(said), "Europe/Berlin", now)
    assert found == list(said.values())


def test_messages_name_states_as_the_console_does(call):
    fields = ("check_status", "reason", "explanation", "message")
    said = {
        ("RED", "HTTP 503", None, "Check failed with status RED: HTTP 503"): "Down: HTTP 503",
        ("YELLOW", None, None, "Check failed with status YELLOW"): "Slow",
        ("GREEN", None, "uptime is below 99 %", "whatever it is"): "Up: uptime is below 99 %",
        ("RED", "timed out", "status is Down for 2 checks", ""): "Down: timed out; status is Down"
        " for 2 checks",
        (None, None, None, "the body contains status RED"): "the body contains status RED",
    }
    alerts = [dict(zip(fields, each, strict=True)) for each in said]
    assert call("lib/states.mjs", "messageOf", alerts) == list(said.values())


def test_browsers_and_programs_have_names(call):
    webkit = "AppleWebKit/537.36 (KHTML, like Gecko)"
    linux = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)"
    said = {
        f"{linux} Gecko/20100101 Firefox/140.0": "Firefox on Linux",
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit} Chrome/140.0.0.0 Safari/537.36"
        " Edg/140.0.0.0": "Edge on Windows",
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) {webkit} Version/18.0"
        " Mobile/15E148 Safari/604.1": "Safari on iPhone",
        f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {webkit} Chrome/140.0.0.0 Mobile"
        " Safari/537.36": "Chrome on Android",
        "Mozilla/5.0 Firefox/140.0": "Firefox",
        "curl/8.5.0": "curl 8.5.0",
        "": "Unknown program",
        None: "Unknown program",
    }
    assert call("lib/agents.mjs", "agentWords", list(said)) == list(said.values())


def test_a_session_that_is_ended_elsewhere_asks_there_for_the_password(sign_in, expect, product):
    person = ("sina@example.com", "Sina Roth")
    body = {"email": person[0], "full_name": person[1], "password": PASSWORD}
    product.call("POST", "/auth/register", body)
    here, there = sign_in(person), sign_in(person)
    show(there, address(product, "/services"))
    expect(there.locator(".live")).to_contain_text("Live")
    show(here, address(product, "/profile"))
    card = here.locator(".card").filter(has=here.get_by_role("heading", name="Where you are"))
    expect(card.locator("li").first).to_contain_text("Chrome on Linux this one")
    card.get_by_role("button", name="Sign out everywhere else").click()
    expect(card.locator("li")).to_have_count(1)
    expect(there.get_by_role("dialog", name="Sign in again")).to_be_visible()
    assert here.problems == []


def test_what_is_kept_of_a_form_is_what_was_typed_without_its_secrets(call):
    forms = {
        "empty": ({"config": {}}, {"config": {}}),
        "none": ({"config": {"basic_auth": None}}, {"config": {"basic_auth": None}}),
        "some": (
            {"name": "a", "config": {"basic_auth": {"username": "u", "password": "p"}}},
            {"name": "a", "config": {"basic_auth": {"username": "u"}}},
        ),
    }
    paths = ["config.basic_auth.password", "config.bearer_token", "other.deep.secret"]
    found = call("lib/forms.mjs", "withoutSecrets", [given for given, _ in forms.values()], paths)
    assert found == [kept for _, kept in forms.values()]


def test_plain_recurrences_are_words(call):
    said = {
        "FREQ=DAILY;BYHOUR=2;BYMINUTE=30": "every day at 02:30",
        "FREQ=WEEKLY;BYDAY=MO,TH;BYHOUR=2;BYMINUTE=0": "every Mon and Thu at 02:00",
        "FREQ=MONTHLY;BYMONTHDAY=1;BYHOUR=3": "on day 1 of every month at 03:00",
        "FREQ=MONTHLY;BYDAY=1SU;BYHOUR=3": None,
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO": None,
    }
    assert call("lib/recurrences.mjs", "recurrenceWords", list(said)) == list(said.values())


def test_all_rows_are_in_the_page_where_it_is_asked_for_plain(owner, expect, product):
    """Of more than 100 rows the list draws what is seen; printing and searching need them all."""
    many = [
        {
            "key": f"plain-{at}",
            "name": f"Plain {at:03}",
            "endpoint": "http://127.0.0.1:9/",
            "check_type": "HTTP",
            "is_active": False,
        }
        for at in range(120)
    ]
    product.call("POST", "/config/apply", {"version": 1, "services": many})
    ids = [
        each["id"]
        for each in product.call("GET", "/services?limit=500")
        if each["name"].startswith("Plain ")
    ]
    try:
        show(owner, address(product, "/services?q=plain"))
        expect(owner.locator(".row").first).to_be_visible()
        assert owner.locator(".row").count() < len(many)
        owner.get_by_role("button", name="Show groups, columns, files").click()
        owner.get_by_role("button", name="All rows in the page").click()
        expect(owner.locator(".row")).to_have_count(len(many))
        expect(owner).to_have_url(re.compile("plain=1"))
    finally:
        product.call("POST", "/services/bulk", {"action": "delete", "ids": ids})


@pytest.fixture(scope="module")
def stranger(open_tab):
    return open_tab(bypass_csp=True)


@pytest.mark.parametrize("path", ENTRANCES.values())
def test_an_entrance_is_in_nobodys_way(stranger, product, path):
    stranger.problems.clear()
    show(stranger, address(product, path))
    faults = faults_of(stranger) + too_wide_at(stranger, (768, 320))
    assert not faults, "\n".join(faults)
    assert stranger.problems == []


def test_forced_colours_show_the_open_tab_and_the_chosen_line(sign_in, expect, product):
    tab = sign_in(forced_colors="active")
    show(tab, address(product, "/alerts"))
    tabs = tab.locator(".tabs a").evaluate_all(
        "all => all.map((each) => [getComputedStyle(each).borderBottomColor, !!each.ariaCurrent])"
    )
    (here,) = (colour for colour, is_open in tabs if is_open)
    assert here not in [colour for colour, is_open in tabs if not is_open]
    bone = tab.evaluate(
        """() => { const made = document.createElement('div'); made.className = 'bone';
          document.querySelector('.main').append(made);
          return getComputedStyle(made).borderTopStyle; }"""
    )
    assert bone == "solid", "what loads is an outline, as it has no colour"
    tab.keyboard.press("Control+k")
    chosen = tab.locator('.palette [aria-selected="true"]')
    expect(chosen).to_have_count(1)
    expect(chosen).to_have_css("outline-style", "solid")
    show(tab, address(product, "/wall"))
    tiles = tab.locator(".service-tile.down")
    expect(tiles).not_to_have_count(0)
    seen = tab.locator(".wall-counts .down .shape").evaluate("each => getComputedStyle(each).fill")
    expect(tiles.first.locator(".shape")).to_have_css("fill", seen)
