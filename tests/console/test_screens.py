"""Every screen of the console, in every width and theme: in nobody's way."""

import re
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.console.accessibility import faults_of, too_wide_at
from tests.console.screens import SCREENS, address, move, show

ENTRANCES = ("/sign-in", "/sign-up", "/forgot-password", "/reset-password", "/invitation")


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture(scope="module")
def owner(sign_in):
    # Axe is given to the page as a text to run, which our policy refuses to everybody else.
    return sign_in(bypass_csp=True)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_is_in_nobodys_way(owner, product, screen):
    owner.problems.clear()
    move(owner, address(product, SCREENS[screen]))
    assert owner.locator("h1").count() == 1
    assert owner.title().endswith("AlertifyPro")
    faults = faults_of(owner) + too_wide_at(owner, (768, 320))  # 320: WCAG 1.4.10
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
        owner.get_by_role("button", name="Groups, columns, files").click()
        owner.get_by_role("button", name="All rows in the page").click()
        expect(owner.locator(".row")).to_have_count(len(many))
        expect(owner).to_have_url(re.compile("plain=1"))
    finally:
        product.call("POST", "/services/bulk", {"action": "delete", "ids": ids})


@pytest.mark.parametrize("path", ENTRANCES)
def test_an_entrance_is_in_nobodys_way(open_tab, product, path):
    tab = open_tab(bypass_csp=True)
    show(tab, address(product, path))
    faults = faults_of(tab) + too_wide_at(tab, (768, 320))
    assert not faults, "\n".join(faults)
    assert tab.problems == []
