"""Status pages in the console: their dialogs, their editor, their incidents."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.console.accessibility import faults_of
from tests.console.screens import SCREENS, address, show


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture(scope="module")
def owner(sign_in):
    return sign_in(bypass_csp=True)


DIALOGS = [
    ("page", "Tell of an incident"), ("page", "Add a past incident"), ("page", "Post an update"),
    ("page", "Edit the update"), ("page", "Edit Payments fail"),
    ("subscribers", "Import addresses"), ("subscribers", "Remove jo@example.com"),
]  # fmt: skip


@pytest.mark.parametrize(("screen", "button"), DIALOGS)
def test_a_dialog_of_a_status_page_is_in_nobodys_way(owner, product, screen, button):
    owner.problems.clear()
    show(owner, address(product, SCREENS[screen]))
    owner.get_by_role("button", name=button).first.click()
    owner.locator("dialog").wait_for()
    faults = faults_of(owner)
    assert not faults, "\n".join(faults)
    assert owner.problems == []


@pytest.fixture(scope="module")
def editor(sign_in):
    """The owner under the policy that everybody has: the preview is made within it."""
    return sign_in()


def sections_of(product):
    (page,) = product.call("GET", "/status-pages")
    return page, page["sections"][0]["service_ids"]


def test_a_page_is_put_in_order_by_keys_and_by_dragging_beside_its_preview(editor, expect, product):
    shop, checkout = (product.sample.ids["services"][name] for name in ("Shop", "Checkout"))
    show(editor, address(product, "/pages/{status-pages}/edit"))
    preview = editor.frame_locator("iframe").locator(".l > li > a")
    expect(preview).to_have_text(["Shop", "Checkout"])
    assert editor.locator("iframe").get_attribute("sandbox") == ""
    up = editor.get_by_role("button", name="Move Checkout up")
    up.focus()
    editor.keyboard.press("Enter")
    expect(preview).to_have_text(["Checkout", "Shop"])
    expect(up).to_be_focused()
    expect(editor.get_by_role("status").filter(has_text="number 1 of 2")).to_have_count(1)
    editor.keyboard.press("Control+Enter")
    expect(editor.locator("h1")).to_have_text("Field & Loom status")
    assert sections_of(product)[1] == [checkout, shop]
    show(editor, address(product, "/pages/{status-pages}/edit"))
    rows = editor.locator(".sortable.rows > li")
    rows.nth(1).get_by_role("button", name="Move Shop: drag").drag_to(rows.nth(0))
    expect(preview).to_have_text(["Shop", "Checkout"])
    editor.get_by_role("button", name="Move Shop: drag").press("ArrowDown")
    expect(preview).to_have_text(["Checkout", "Shop"])
    editor.get_by_role("button", name="Move Shop: drag").press("ArrowUp")
    editor.get_by_role("button", name="Save").click()
    expect(editor.locator("h1")).to_have_text("Field & Loom status")
    assert sections_of(product)[1] == [shop, checkout]


def test_of_two_who_edit_a_page_the_second_decides(editor, expect, product):
    show(editor, address(product, "/pages/{status-pages}/edit"))
    page, _ = sections_of(product)
    path = f"/status-pages/{page['id']}"
    product.call("PATCH", path, {"theme": "dark"})
    editor.get_by_label("Description").first.fill("How we are")
    editor.get_by_role("button", name="Save").click()
    notice = editor.get_by_role("alert").filter(has_text="Somebody else has changed this")
    expect(notice).to_contain_text("They changed: theme.")
    expect(editor.get_by_role("alert")).to_have_count(1)  # not also that it did not work
    assert product.call("GET", path)["description"] == page["description"]
    notice.get_by_role("button", name="Save mine too").click()
    expect(editor.locator("h1")).to_have_text("Field & Loom status")
    both = product.call("GET", path)
    assert (both["theme"], both["description"]) == ("dark", "How we are")
    show(editor, address(product, "/pages/{status-pages}/edit"))
    product.call("PATCH", path, {"theme": "auto", "description": "Theirs"})
    editor.get_by_label("Description").first.fill("Mine")
    editor.get_by_role("button", name="Save").click()
    expect(notice).to_contain_text("You changed the same: description.")
    notice.get_by_role("button", name="Drop mine").click()
    expect(editor.get_by_label("Description").first).to_have_value("Theirs")


def test_an_incident_is_told_mended_and_filed_afterwards(editor, expect, product):
    editor.problems.clear()
    show(editor, address(product, "/pages/{status-pages}"))
    editor.get_by_role("button", name="Tell of an incident").click()
    editor.get_by_role("button", name="Slow answers").click()
    expect(editor.get_by_label("Title")).to_have_value("Our service is slow")
    editor.get_by_label("Affected services").fill("Check")
    editor.locator(".found").get_by_role("button", name="Checkout").click()
    editor.get_by_label("Checkout", exact=True).select_option("slow")
    editor.get_by_label("Next update by").locator("..").get_by_role("button", name="1 h").click()
    expect(editor.locator("dialog")).to_contain_text("Nobody would get it yet")
    editor.get_by_role("dialog").get_by_role("button", name="Publish").click()
    card = editor.get_by_role("article", name="Our service is slow")
    expect(card).to_contain_text("Checkout: slow")
    expect(card).to_contain_text("next update by")
    card.get_by_role("button", name="Edit the update").click()
    editor.get_by_label("Message").fill("Better words.")
    editor.get_by_role("button", name="Save").click()
    expect(card).to_contain_text("Better words.")
    expect(card).to_contain_text("edited")
    editor.get_by_role("button", name="Add a past incident").click()
    editor.get_by_label("Title").fill("An old one")
    editor.get_by_label("What happened").fill("It was broken.")
    editor.get_by_role("dialog").get_by_role("button", name="Publish").click()
    old = editor.get_by_role("article", name="An old one")
    expect(old).to_contain_text("lasted 1 h")
    for name in ("An old one", "Our service is slow"):
        editor.get_by_role("button", name=f"Delete {name}").click()
        editor.locator("dialog").get_by_role("button", name="Delete").click()
        expect(editor.get_by_role("article", name=name)).to_have_count(0)
    assert editor.problems == []


def test_maintenance_that_goes_on_says_until_when(editor, expect, product):
    (page,) = product.call("GET", "/status-pages")
    now = datetime.now(UTC)
    made = []
    for name, begin, more in (
        ("Disks now", -1, {"ends_at": (now + timedelta(hours=2)).isoformat()}),
        ("Disks each week", -1, {"recurrence": "FREQ=WEEKLY", "duration_minutes": 180}),
    ):
        starts_at = (now + timedelta(hours=begin)).isoformat()
        body = {"name": name, "starts_at": starts_at, "status_page_ids": [page["id"]]} | more
        made.append(product.call("POST", "/maintenance-windows", body))
    show(editor, address(product, SCREENS["maintenance of a page"]))
    for window in made:
        card = editor.get_by_role("article", name=window["name"], exact=True)
        expect(card).to_contain_text("active until ")
        expect(card).not_to_contain_text("over")
        product.call("DELETE", f"/maintenance-windows/{window['id']}")
