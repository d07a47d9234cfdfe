"""Deletions that can be undone: none is sent that was undone, and none of the others is lost."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.console.screens import address, move, show
from tests.waiting import seconds_until


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture
def tab(sign_in):
    return sign_in()


def make_rule(product, name, **fields):
    return product.call("POST", "/alert-rules", {"name": name, "severity": "info"} | fields)


def names(product, kind):
    return {each["name"] for each in product.call("GET", f"/{kind}")}


def make_schedule(product, name):
    me = product.call("GET", "/profile")["id"]
    layer = {"name": "One", "rotation_type": "weekly", "users": [me]}
    return product.call("POST", "/on-call-schedules", {"name": name, "layers": [layer]})


def make_policy(product, name, notify_type="user", notify_id=None):
    target = notify_id or product.call("GET", "/profile")["id"]
    level = {"level": 1, "delay_minutes": 0, "notify_type": notify_type, "notify_id": target}
    return product.call("POST", "/escalation-policies", {"name": name, "rules": [level]})


def make_named(path):
    return lambda product, name: product.call("POST", f"/{path}", {"name": name})


# What is deleted, how it is made, and the screen that lists it.
KINDS = {
    "escalation-policies": (make_policy, "/escalation"),
    "on-call-schedules": (make_schedule, "/on-call"),
    "teams": (make_named("teams"), "/organization?tab=teams"),
    "locations": (make_named("locations"), "/locations"),
}


def until_gone(product, kind, name):
    seconds_until(lambda: name not in names(product, kind), 20)


def test_what_was_undone_is_not_deleted_and_the_rest_is(tab, expect, product):
    for name in ("Kept", "Closed", "Left", "Written after"):
        make_rule(product, f"Undo: {name}")
    show(tab, address(product, "/rules"))
    kept = tab.get_by_role("link", name="Undo: Kept")
    tab.get_by_role("button", name="Delete Undo: Kept").click()
    expect(kept).to_have_count(0)
    tab.get_by_role("button", name="Undo", exact=True).click()
    expect(kept).to_have_count(1)
    tab.get_by_role("button", name="Delete Undo: Closed").click()
    tab.get_by_role("status").get_by_role("button", name="Close").click()
    until_gone(product, "alert-rules", "Undo: Closed")
    tab.get_by_role("button", name="Delete Undo: Written after").click()
    assert "Undo: Written after" in names(product, "alert-rules"), "it can be undone"
    tab.get_by_role("button", name="Switch off Undo: Kept").click()
    until_gone(product, "alert-rules", "Undo: Written after")
    tab.get_by_role("button", name="Delete Undo: Left").click()
    tab.goto(address(product, "/channels"))
    until_gone(product, "alert-rules", "Undo: Left")
    assert "Undo: Kept" in names(product, "alert-rules")
    assert tab.problems == []


def test_a_channel_in_use_says_what_uses_it_and_one_that_is_taken_up_comes_back(
    tab, expect, product
):
    spare = {"name": "Spare", "type": "webhook", "config": {"url": "http://127.0.0.1:9/"}}
    made = product.call("POST", "/notification-channels", spare)
    used = make_rule(product, "Undo: user", notification_channel_ids=[made["id"]])
    show(tab, address(product, f"/channels/{made['id']}"))
    tab.get_by_role("button", name="Delete").click()
    expect(tab.get_by_role("alert")).to_contain_text("alert rule Undo: user")
    product.call("DELETE", f"/alert-rules/{used['id']}")
    tab.get_by_role("button", name="Delete").click()
    expect(tab.locator("h1")).to_have_text("Channels")
    expect(tab.get_by_role("link", name="Spare")).to_have_count(0)
    used = make_rule(product, "Undo: user", notification_channel_ids=[made["id"]])
    tab.get_by_role("status").get_by_role("button", name="Close").click()
    expect(tab.locator(".toast.failed")).to_contain_text("Spare was not deleted")
    expect(tab.get_by_role("link", name="Spare")).to_have_count(1)
    product.call("DELETE", f"/alert-rules/{used['id']}")
    product.call("DELETE", f"/notification-channels/{made['id']}")


def test_services_that_are_deleted_come_back_when_it_is_undone(tab, expect, product):
    for name in ("Undo one", "Undo two"):
        product.service("http://127.0.0.1:9/", name=name, is_active=False)
    show(tab, address(product, "/services?q=undo"))
    rows = tab.locator(".row")
    for deleted, kept in (("Undo one", True), ("Undo two", False)):
        tab.get_by_role("row").filter(has_text=deleted).locator("a.name").click()
        tab.get_by_role("button", name="More", exact=True).click()
        tab.get_by_role("button", name="Delete…").click()
        tab.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(tab.locator("h1")).to_have_text("Services")
        expect(rows).to_have_count(1)
        if kept:
            tab.get_by_role("button", name="Undo", exact=True).click()
            expect(rows).to_have_count(2)
    move(tab, address(product, "/services"))
    tab.get_by_role("status").get_by_role("button", name="Close").click()
    until_gone(product, "services", "Undo two")
    assert "Undo one" in names(product, "services")
    (one,) = product.call("GET", "/services?q=Undo")
    product.call("DELETE", f"/services/{one['id']}")
    assert tab.problems == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_others_refer_to_is_deleted_so_that_it_can_be_undone(tab, expect, product, kind):
    make, path = KINDS[kind]
    name = f"Undo {kind}"
    make(product, name)
    show(tab, address(product, path))
    heading = tab.get_by_role("heading", name=name)
    delete = tab.get_by_role("button", name=f"Delete {name}")
    delete.click()
    expect(heading).to_have_count(0)
    assert name in names(product, kind), "it can be undone"
    tab.get_by_role("button", name="Undo", exact=True).click()
    expect(heading).to_have_count(1)
    delete.click()
    expect(heading).to_have_count(0)
    tab.get_by_role("status").get_by_role("button", name="Close").click()
    until_gone(product, kind, name)
    assert tab.problems == []


def test_a_schedule_in_use_says_what_uses_it_and_stays(tab, expect, product):
    made = make_schedule(product, "Undo used")
    policy = make_policy(product, "Undo user", "schedule", made["id"])
    show(tab, address(product, "/on-call"))
    tab.get_by_role("button", name="Delete Undo used").click()
    expect(tab.locator(".toast.failed")).to_contain_text("escalation policy Undo user")
    expect(tab.get_by_role("heading", name="Undo used")).to_have_count(1)
    for path in (f"/escalation-policies/{policy['id']}", f"/on-call-schedules/{made['id']}"):
        product.call("DELETE", path)


def test_an_override_is_deleted_so_that_it_can_be_undone(tab, expect, product):
    made = make_schedule(product, "Undo overrides")
    path = f"/on-call-schedules/{made['id']}/overrides"
    begin = datetime.now(UTC) + timedelta(hours=1)
    span = {"from": begin.isoformat(), "to": (begin + timedelta(hours=2)).isoformat()}
    product.call("POST", path, span | {"user_id": product.call("GET", "/profile")["id"]})
    show(tab, address(product, "/on-call"))
    card = tab.get_by_role("article", name="Undo overrides")
    delete = card.get_by_role("button", name="Delete the override of Ada Okafor")
    delete.click()
    expect(delete).to_have_count(0)
    tab.get_by_role("button", name="Undo", exact=True).click()
    expect(delete).to_have_count(1)
    assert len(product.call("GET", path)) == 1
    delete.click()
    tab.get_by_role("status").get_by_role("button", name="Close").click()
    seconds_until(lambda: product.call("GET", path) == [], 20)
    product.call("DELETE", f"/on-call-schedules/{made['id']}")
    assert tab.problems == []


# As the browser does when another tab comes before this one.
_HIDE = """() => {
  Object.defineProperty(document, 'hidden', { value: true, configurable: true });
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
}"""


def test_what_waits_is_deleted_when_the_tab_is_hidden(tab, expect, product):
    for name in ("Undo hidden", "Undo hidden too"):
        make_rule(product, name)
    show(tab, address(product, "/rules"))
    for name in ("Undo hidden", "Undo hidden too"):
        tab.get_by_role("button", name=f"Delete {name}", exact=True).click()
        assert name in names(product, "alert-rules"), "it can be undone"
    tab.evaluate(_HIDE)
    for name in ("Undo hidden", "Undo hidden too"):
        until_gone(product, "alert-rules", name)
    expect(tab.get_by_role("button", name="Undo", exact=True)).to_have_count(0)
    assert tab.problems == []
