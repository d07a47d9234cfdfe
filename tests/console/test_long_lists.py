"""A list of which only the rows near the screen are in the page, walked through by keys."""

import pytest

from tests.console.screens import address, show
from tests.waiting import seconds_until

MANY = 160
_FOCUSED = """() => {
  const row = document.activeElement.closest('.row');
  if (!row) return null;
  const { top, bottom } = row.getBoundingClientRect();
  return { name: row.getAttribute('aria-label'), isSeen: top >= 0 && bottom <= innerHeight };
}"""


@pytest.fixture(scope="module")
def listed(filled):
    """Services named Walk 000 to Walk 159, paused; they go with the file."""

    services = [
        {
            "key": f"walk-{number:03}",
            "name": f"Walk {number:03}",
            "endpoint": "http://127.0.0.1:9/",
            "check_type": "HTTP",
            "is_active": False,
        }
        for number in range(MANY)
    ]
    filled.call("POST", "/config/apply", {"version": 1, "services": services})
    found = filled.call("GET", "/services?limit=500")
    made = [each["id"] for each in found if each["name"].startswith("Walk ")]
    assert len(made) == MANY
    yield address(filled, "/services?q=Walk&sort=name")
    for at in range(0, MANY, 100):
        filled.call("POST", "/services/bulk", {"action": "delete", "ids": made[at : at + 100]})


@pytest.fixture
def tab(sign_in, listed):
    opened = sign_in()
    show(opened, listed)
    seconds_until(lambda: opened.get_by_role("row").count() > 20, 20)
    return opened


def pressed(tab, key):
    """Press a key and return the row that it leads to."""
    before = tab.evaluate(_FOCUSED)
    tab.keyboard.press(key)
    seconds_until(lambda: tab.evaluate(_FOCUSED) not in (None, before), 20)
    return tab.evaluate(_FOCUSED)["name"]


def test_j_leads_to_a_row_that_is_seen_wherever_the_list_was_scrolled(tab):
    tab.evaluate("scrollTo(0, document.body.scrollHeight)")
    last = tab.get_by_role("row").filter(has_text=f"Walk {MANY - 1:03}")
    seconds_until(last.is_visible, 20)
    assert tab.locator(".row[tabindex='0']").count() == 1
    assert pressed(tab, "j") > f"Walk {MANY // 2:03}"
    assert tab.evaluate(_FOCUSED)["isSeen"]


@pytest.mark.parametrize("opens", ["Enter", "a press"])
def test_who_comes_back_goes_on_at_the_row_that_was_opened(tab, expect, opens):
    pressed(tab, "j")
    for _ in range(40):
        name = pressed(tab, "j")
    assert name.startswith("Walk 040")
    if opens == "Enter":
        tab.keyboard.press("Enter")
    else:
        tab.get_by_role("link", name="Walk 040").click()
    expect(tab.locator("h1")).to_have_text("Walk 040")
    tab.go_back()
    row = tab.get_by_role("row", name="Walk 040")
    expect(row).to_be_in_viewport()
    expect(row).to_have_attribute("tabindex", "0")
    # Where a navigation puts the focus, and as it does that: the list stays where it is.
    tab.locator("h1").evaluate("(heading) => heading.focus({ preventScroll: true })")
    assert pressed(tab, "j").startswith("Walk 040")
    assert pressed(tab, "j").startswith("Walk 041")
