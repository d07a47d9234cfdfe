"""What somebody of a role sees and may press: what the API would permit, and why not the rest."""

import re
from urllib.parse import urlsplit

import pytest

from app.domain.accounts.permissions import Role, is_allowed
from app.security.access import access_of
from tests.console import sample
from tests.console.screens import SCREENS, address, move, show
from tests.flows.product import PASSWORD

# Screens that a role has no part in: they say which role has.
CLOSED = {
    "keys": (Role.EDITOR, "role editor"),
    "secrets": (Role.EDITOR, "role editor"),
    "audit log": (Role.ADMIN, "role admin"),
}
# Off for what is first or last already, which everybody sees.
AT_AN_END = re.compile(r"Move\b.*\b(up|down)$")
# Where roles above the viewer's differ.
DIFFERING = (
    "alert", "alerts", "channel", "service", "locations", "page", "organization", "members",
    "teams", "keys", "secrets", "audit log", "import and export", "server",
)  # fmt: skip
PEOPLE = {
    Role.VIEWER: sample.VIEWER,
    Role.RESPONDER: ("rosa@example.com", "Rosa Diaz"),
    Role.EDITOR: ("emil@example.com", "Emil Sand"),
    Role.ADMIN: ("adam@example.com", "Adam Reed"),
    Role.OWNER: sample.OWNER,
}
# Press every button of the screen, and every button of the dialog it opens. Links lead elsewhere.
_PRESS = """async () => {
  const here = location.href;
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 15)));
  const buttons = () => [...document.querySelectorAll('.main button, .main input[type=checkbox]')];
  const reasons = [];
  for (let at = 0; at < buttons().length && at < 60; at += 1) {
    const button = buttons()[at];
    const off = button.getAttribute('aria-disabled') === 'true';
    if (off) reasons.push([button.innerText || button.ariaLabel, button.title]);
    button.click();
    await drawn();
    const dialog = document.querySelector('dialog[open]');
    if (dialog) {
      const typed = dialog.querySelector('.field input');
      if (typed) {
        typed.value = 'x';
        typed.dispatchEvent(new Event('input', { bubbles: true }));
      }
      for (const each of dialog.querySelectorAll('.primary, .danger')) each.click();
      await drawn();
      dialog.dispatchEvent(new Event('cancel', { cancelable: true }));
      await drawn();
    }
    if (location.href !== here) return { reasons, left: true };
  }
  return { reasons, left: false };
}"""

# What would be written is kept and answered in the page; `tab.sent` sees what passes it by.
_KEEP_WRITES = """(() => {
  const ask = window.fetch;
  window.kept = [];
  window.fetch = (...given) => {
    const { method, url } = new Request(...given);
    if (method === 'GET') return ask(...given);
    window.kept.push([method, url]);
    const headers = { 'Content-Type': 'application/json' };
    return Promise.resolve(new Response('{"error": "kept"}', { status: 418, headers }));
  };
})()"""


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture(scope="module")
def permission_of(web):
    """Says which permission a request needs: the table that the API itself goes by."""

    def permission_of(method, path):
        endpoint, _ = web.url_map.bind("localhost").match(path, method)
        return access_of(web, endpoint)

    return permission_of


@pytest.fixture(scope="module")
def signed_in(sign_in, contexts, product):
    """Opens the tab of somebody of a role; what it would write is kept and goes nowhere."""
    tabs = {}

    def signed_in(role):
        if role not in tabs:
            if PEOPLE[role] not in (sample.VIEWER, sample.OWNER):
                invite(product, role)
            tab = tabs[role] = sign_in(PEOPLE[role])
            contexts.remove(tab.context)  # for the tests of the file, not only for this one
            tab.sent = []
            tab.on("dialog", lambda dialog: dialog.accept())
            tab.add_init_script(_KEEP_WRITES)
            tab.on("request", lambda asked: asked.method != "GET" and tab.sent.append(asked.url))
            show(tab, address(product, "/profile"))
        return tabs[role]

    yield signed_in
    for tab in tabs.values():
        tab.context.close()


def invite(product, role):
    email, name = PEOPLE[role]
    asked = product.call("POST", "/members", {"email": email, "role": role.value})
    person = {"email": email, "full_name": name, "password": PASSWORD}
    product.call("POST", "/auth/register", person | {"invitation_token": asked["token"]})


def press_everything(tab, product, screen):
    """Press what a screen has; return what it would write, and why the rest is off."""
    tab.evaluate("window.kept.length = 0")
    move(tab, address(product, SCREENS[screen]))
    pressed = tab.evaluate(_PRESS)
    kept = tab.evaluate("window.kept")
    assert tab.sent == [], "it is kept in the page, where each request need not be asked about"
    if pressed["left"]:
        move(tab, address(product, "/profile"))
    return {(method, urlsplit(url).path) for method, url in kept}, pressed["reasons"]


@pytest.mark.parametrize(
    ("role", "screen"),
    [
        *((Role.VIEWER, screen) for screen in SCREENS),
        *((role, screen) for role in list(PEOPLE)[1:] for screen in DIFFERING),
    ],
)
def test_what_may_be_pressed_is_what_the_api_permits(
    signed_in, product, permission_of, role, screen
):
    tab = signed_in(role)
    tab.problems.clear()
    asked, reasons = press_everything(tab, product, screen)
    assert all(reason or AT_AN_END.match(word) for word, reason in reasons), reasons
    for _, reason in reasons:
        least = re.match(r"Needs the role (\w+)", reason)
        assert least is None or rank(least[1]) > rank(role), reason
    needed = {each: permission_of(*each) for each in asked}
    refused = {each: needs for each, needs in needed.items() if not may(role, needs)}
    assert refused == {}, f"a {role} may press what the API refuses"
    least, said = CLOSED.get(screen, (Role.VIEWER, ""))
    if (screen == "server" and role is not Role.OWNER) or rank(role) < rank(least):
        shown = tab.locator(".main").inner_text().lower()
        assert (said or "operators") in shown
    else:
        assert tab.problems == []


def rank(role):
    return list(Role).index(Role(role))


def may(role, needs):
    if needs == "operators":
        return role is Role.OWNER  # Ada was the first to register, who is the operator
    return needs == "public" or is_allowed(role, needs)


def test_an_operator_signs_in_to_queues_and_workers(open_tab, expect, product):
    tab = open_tab()
    tab.goto(f"http://127.0.0.1:{product.port}/ops/sign-in")
    tab.get_by_label("E-mail address").fill(sample.OWNER[0])
    tab.get_by_label("Password").fill("wrong horse battery")
    tab.get_by_role("button", name="Sign in").click()
    expect(tab.get_by_role("alert")).to_contain_text("That is not right")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    expect(tab.get_by_text("RQ-dashboard").first).to_be_visible()
    ended = tab.evaluate("fetch('/ops/sign-out', {method: 'POST'}).then(r => r.url)")
    assert ended.endswith("/ops/sign-in")
