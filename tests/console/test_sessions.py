"""Answers that come late, after the session they were asked for has ended and another has begun."""

from uuid import uuid4

import pytest

from tests.console.screens import address, go, show
from tests.flows.product import PASSWORD

ANNOUNCE = """() => new BroadcastChannel("alertifypro.session").postMessage("out")"""
READ_TEAMS = """async () => {
  const app = document.querySelector('script[type=module]').src;
  const api = await import(app.replace('app.mjs', 'api.mjs'));
  window.teams = api.get('/teams').then((found) => found.length, (error) => error.message);
}"""
TEAMS = """() => Promise.race([window.teams, new Promise((end) => {
  setTimeout(() => end('no answer'), 20000);
})])"""
PAINTED = "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture
def person(product):
    email, name = f"late-{uuid4().hex}@example.com", "Lia Late"
    account = {"email": email, "full_name": name, "password": PASSWORD}
    product.call("POST", "/auth/register", account)
    return email, name


def held_answer(tab, path):
    """Have the next answer for a path fetched and held; what is returned gives it to the page."""
    held = []

    def hold(route):
        held.append((route, route.fetch()))

    tab.route(path, hold, times=1)

    def give():
        route, answer = held.pop()
        route.fulfill(response=answer)
        tab.evaluate(PAINTED)

    give.is_held = lambda: bool(held)
    return give


def until(tab, condition):
    for _ in range(600):
        if condition():
            return
        tab.wait_for_timeout(50)
    raise AssertionError("it has not come to pass in half a minute")


def sign_in_again(tab, asked):
    asked.get_by_label("Password").fill(PASSWORD)
    asked.get_by_role("button", name="Sign in", exact=True).click()


def test_a_late_answer_of_who_is_signed_in_does_not_take_the_password_away(
    sign_in, expect, product, person
):
    tab = sign_in(person, is_new=True)
    show(tab, address(product, "/services/new"))
    tab.get_by_label("What").fill("http://127.0.0.1:9/late")
    tab.get_by_label("Name", exact=True).fill("Typed before a late answer")
    give = held_answer(tab, "**/api/v1/session")
    other = tab.context.new_page()
    show(other, address(product, "/"))
    other.evaluate(ANNOUNCE)
    until(tab, give.is_held)
    other.close()
    tab.context.clear_cookies()
    tab.get_by_role("button", name="Start watching").click()
    asked = tab.get_by_role("dialog", name="Sign in again")
    expect(asked).to_be_visible()
    give()
    expect(asked).to_be_visible()
    sign_in_again(tab, asked)
    expect(tab.locator("h1")).to_have_text("Typed before a late answer")
    assert tab.problems == []


def test_a_late_refusal_of_the_session_before_asks_for_no_password(
    sign_in, expect, product, person
):
    tab = sign_in(person, is_new=True)
    show(tab, address(product, "/services/new"))
    tab.context.clear_cookies()
    give = held_answer(tab, "**/api/v1/teams*")
    tab.evaluate(READ_TEAMS)
    until(tab, give.is_held)
    go(tab, "/alerts")
    asked = tab.get_by_role("dialog", name="Sign in again")
    sign_in_again(tab, asked)
    expect(asked).to_have_count(0)
    give()
    assert tab.evaluate(TEAMS) == 0, "it is asked once more, of the session of now"
    expect(asked).to_have_count(0)
    assert tab.problems == []
