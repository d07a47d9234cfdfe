"""Editing in the console: all that was chosen is saved, and of two at once the second decides."""

import pytest

from tests.console import sample
from tests.console.screens import address, show


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture(scope="module")
def owner(sign_in):
    return sign_in()


def test_a_window_covers_the_services_and_tells_on_the_pages_that_were_chosen(
    owner, expect, product
):
    """Without a service and a tag it would cover everything, and hide what it should not."""
    show(owner, address(product, "/maintenance/new"))
    owner.get_by_label("Name").fill("Only the search")
    owner.get_by_label("And these services").fill("Search")
    owner.locator(".found .button", has_text="Search").click()
    owner.get_by_label("Field & Loom status").check()
    owner.get_by_role("button", name="Save").click()
    expect(owner.get_by_role("article", name="Only the search")).to_be_visible()
    (made,) = [
        each
        for each in product.call("GET", "/maintenance-windows")
        if each["name"] == "Only the search"
    ]
    assert made["service_ids"] == [product.sample.ids["services"]["Search"]]
    assert made["status_page_ids"] == list(product.sample.ids["status-pages"].values())
    product.call("DELETE", f"/maintenance-windows/{made['id']}")


# Screens of forms, by the kind that the sample names, and what somebody else changes meanwhile.
FORMS = {
    "services": ("/services/{services}/edit", {"description": "Theirs"}),
    "heartbeats": ("/heartbeats/{heartbeats}/edit", {"description": "Theirs"}),
    "alert-rules": ("/rules/{alert-rules}", {"cooldown_minutes": 3}),
    "notification-channels": ("/channels/{notification-channels}", {"min_severity": "warning"}),
    "on-call-schedules": ("/on-call/{on-call-schedules}", {"timezone": "Asia/Kolkata"}),
    "escalation-policies": ("/escalation/{escalation-policies}", {"repeat_count": 1}),
    "maintenance-windows": ("/maintenance/{maintenance-windows}", {"description": "Theirs"}),
}


@pytest.mark.parametrize("kind", FORMS)
def test_of_two_who_edit_at_once_the_second_is_asked_and_takes_nothing_back(
    owner, expect, product, kind
):
    screen, theirs = FORMS[kind]
    path = f"/{kind}/{next(iter(product.sample.ids[kind].values()))}"
    before = product.call("GET", path)
    show(owner, address(product, screen))
    owner.get_by_label("Name", exact=True).first.fill("Mine")
    product.call("PATCH", path, theirs)
    owner.get_by_role("button", name="Save", exact=True).click()
    notice = owner.get_by_role("alert").filter(has_text="Somebody else has changed this")
    expect(notice).to_contain_text("You changed other things")
    assert product.call("GET", path)["name"] == before["name"]
    notice.get_by_role("button", name="Save mine too").click()
    expect(owner.get_by_text("Saved.").first).to_be_visible()
    after = product.call("GET", path)
    assert after["name"] == "Mine"
    assert {name: after[name] for name in theirs} == theirs
    product.call("PATCH", path, {name: before[name] for name in ("name", *theirs)})


def test_who_drops_theirs_sees_what_the_other_wrote(owner, expect, product):
    path = f"/services/{product.sample.ids['services']['Shop']}"
    show(owner, address(product, "/services/{services}/edit"))
    owner.get_by_label("Name", exact=True).fill("Mine")
    product.call("PATCH", path, {"name": "Theirs"})
    owner.get_by_role("button", name="Save", exact=True).click()
    notice = owner.get_by_role("alert").filter(has_text="Somebody else has changed this")
    expect(notice).to_contain_text("You changed the same: name.")
    notice.get_by_role("button", name="Drop mine, show theirs").click()
    expect(owner.get_by_label("Name", exact=True)).to_have_value("Theirs")
    product.call("PATCH", path, {"name": sample.SERVICES[0][0]})
