"""The console while the network or the web process is away."""

import pytest

from tests.console import sample
from tests.console.screens import address, show

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def owner(sign_in):
    return sign_in()


@pytest.fixture(scope="module")
def product(filled):
    return filled


def test_without_a_network_the_page_stays_and_comes_back_by_itself(owner, expect, product):
    show(owner, address(product, "/services/new"))
    owner.evaluate("window.sameDocument = true")
    owner.get_by_label("Name", exact=True).fill("Half typed")
    owner.context.set_offline(True)
    owner.get_by_label("What").fill("https://shop.example.com")
    owner.get_by_role("button", name="Start watching").click()
    expect(owner.locator(".notice.failed")).to_contain_text("Nothing was changed")
    expect(owner.locator(".notice.failed")).to_contain_text("send it again")
    expect(owner.locator(".banner")).to_contain_text("Not connected")
    owner.context.set_offline(False)
    expect(owner.locator(".banner")).to_have_count(0)
    assert owner.get_by_label("Name", exact=True).input_value() == "Half typed"
    owner.on("dialog", lambda dialog: dialog.accept())
    assert owner.evaluate("window.sameDocument") is True


def test_the_web_process_dies_and_comes_back(owner, expect, product):
    show(owner, address(product, "/services"))
    owner.evaluate("window.sameDocument = true")
    expect(owner.locator(".live")).to_contain_text("Live")
    product.kill("web")
    expect(owner.locator(".live")).not_to_contain_text("Live")
    expect(owner.locator(".live")).to_contain_text("Live", timeout=40_000)
    expect(owner.locator(".row")).to_have_count(len(sample.SERVICES))
    assert owner.evaluate("window.sameDocument") is True
