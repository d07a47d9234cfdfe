"""Every screen of an organization in which everything has the name of a stranger."""

from http.server import BaseHTTPRequestHandler
from threading import Thread

import pytest
import requests

from tests.console.sample import Sample
from tests.console.screens import SCREENS, address, hosts_of, move, show
from tests.flows.product import PASSWORD, BusyServer
from tests.waiting import seconds_until

ISLAMIC = "\ufdfa\ufdfd" * 20  # one character each, as wide as a sentence
# The first of each kind is what the screens of one thing show.
NAMES = (
    "<img src=x onerror=ran=1>" + "W" * 175,
    "\u05e9\u05dc\u05d5\u05dd (1) <b>\u0645\u0631\u062d\u0628\u0627</b> 2 \u05d0",
    '=HYPERLINK("javascript:ran=1","x") @sum +2 -3',
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466" * 12,
    f"{ISLAMIC} </script><script>ran=1</script>",
    "\u4e2d" * 200,
)
SHORT = ("<img src=x onerror=ran=1>" + "W" * 25, NAMES[1], "\U0001f525" * 25, "\ufdfa" * 20)
WIDTHS = (320, 360, 1280)
_OUT = """() => {
  const root = document.documentElement;
  const wide = root.scrollWidth - innerWidth;
  return wide > 0 ? `${wide} px wider than the window` : null;
}"""
_RAN = """() => [typeof window.ran !== 'undefined' && 'a script has run',
  document.querySelector(':is(.main, main, dialog) :is(script, link, base, meta, b > script)')
    && 'markup of a name is in the page',
  document.querySelector('img[src="x"]') && 'a picture of a name is in the page'].filter(Boolean)"""


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"<html><title>{NAMES[0]}</title><script>ran=1</script>{NAMES[4]}".encode()
        self.send_response(503, "<script>ran=1</script>")
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Server", "<svg/onload=ran=1>" + "W" * 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Stranger:
    """Somebody with an organization of their own, filled as the sample is."""

    email = "stranger@example.com"

    def __init__(self, product):
        self.port, self.api = product.port, product.api
        self.session = requests.Session()
        self.sample = Sample(self)
        person = {"email": self.email, "password": PASSWORD}
        self.call("POST", "/auth/register", person | {"full_name": NAMES[0]})
        token = self.call("POST", "/auth/login", person)["token"]
        self.session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method, path, body=None):
        answer = self.session.request(method, self.api + path, json=body, timeout=30)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def make(self, kind, **fields):
        """Make one of a kind for each name; return their ids."""
        return [
            self.sample.make(kind, {key: made(at) for key, made in fields.items()})
            for at in range(len(NAMES))
        ]


def fill(stranger, url):
    """Make some of everything, each with a name of its own."""
    me = stranger.call("GET", "/profile")["id"]
    stranger.call("PATCH", "/organization", {"name": NAMES[0]})
    stranger.call("POST", "/members", {"email": "W" * 60 + "@example.com", "role": "viewer"})

    def name(at):
        return NAMES[at]

    def tags(at):
        return [SHORT[at % len(SHORT)]]

    services = stranger.make(
        "services",
        name=name,
        description=name,
        endpoint=lambda at: f"{url}/{'w' * 200 if at == 0 else at}",
        check_type=lambda _: "HTTP",
        tags=tags,
        environment=lambda at: SHORT[at % len(SHORT)],
        timeout_seconds=lambda _: 2,
        is_active=lambda at: at == 0,
    )
    stranger.call("PATCH", f"/services/{services[1]}", {"depends_on": [services[0]]})
    stranger.make("heartbeats", name=name, tags=tags)
    hook = {"url": f"{url}/{'w' * 300}"}
    channels = stranger.make(
        "notification-channels", name=name, type=lambda _: "webhook", config=lambda _: hook
    )
    stranger.make(
        "alert-rules",
        name=name,
        severity=lambda _: "info",
        tags=tags,
        notification_channel_ids=lambda _: [channels[0]],
        is_enabled=lambda _: False,
        condition=lambda _: {"metric": "status", "operator": "==", "value": "RED"},
    )
    layer = {"name": NAMES[0], "rotation_type": "weekly", "users": [me]}
    schedules = stranger.make("on-call-schedules", name=name, layers=lambda _: [layer])
    level = {"level": 1, "delay_minutes": 5, "notify_type": "schedule", "notify_id": schedules[0]}
    stranger.make("escalation-policies", name=name, rules=lambda _: [level])
    stranger.make(
        "maintenance-windows",
        name=name,
        description=name,
        starts_at=lambda _: "2040-01-01T00:00:00Z",
        ends_at=lambda _: "2040-01-01T01:00:00Z",
        tags=tags,
    )
    stranger.make("teams", name=name)
    stranger.make("api-keys", name=name, scopes=lambda _: ["read"])
    stranger.make(
        "saved-views",
        name=lambda at: NAMES[at][:100],
        screen=lambda _: "services",
        query=lambda _: "q=x",
        is_pinned=lambda _: True,
    )
    sections = [{"name": NAMES[0], "service_ids": services[:2]}]
    pages = stranger.make(
        "status-pages",
        name=name,
        description=name,
        slug=lambda at: f"stranger-{at}",
        sections=lambda _: sections,
    )
    incident = {
        "title": NAMES[0],
        "severity": "major",
        "service_ids": services[:1],
        "body": NAMES[4],
    }
    stranger.call("POST", f"/status-pages/{pages[0]}/incidents", incident)
    readers = {"emails": ["w" * 60 + "@example.com"], "has_consent": True}
    stranger.call("POST", f"/status-pages/{pages[0]}/subscribers", readers)
    ping = stranger.call(
        "GET", f"/heartbeats/{next(iter(stranger.sample.ids['heartbeats'].values()))}"
    )["ping_url"].partition("/api/v1")[2]
    answer = stranger.session.post(
        stranger.api + ping, data=f"<script>ran=1</script>{NAMES[4]}".encode(), timeout=60
    )
    assert answer.ok, answer.text
    seconds_until(lambda: stranger.call("GET", "/alerts"), 30)
    alert = stranger.call("GET", "/alerts")[0]["id"]
    stranger.sample.ids["alerts"] = {"first": alert}
    for each in NAMES:
        stranger.call("POST", f"/alerts/{alert}/comments", {"text": each})


@pytest.fixture(scope="module")
def stranger(filled):
    with BusyServer(("127.0.0.1", 0), _Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        made = Stranger(filled)
        fill(made, f"http://127.0.0.1:{server.server_address[1]}")
        yield made
        for service_id in made.sample.ids["services"].values():
            made.call("DELETE", f"/services/{service_id}")
        server.shutdown()


@pytest.fixture(scope="module")
def tab(stranger, sign_in):
    tab = sign_in((stranger.email, ""))
    tab.hosts = hosts_of(tab)
    show(tab, address(stranger, "/profile"))
    return tab


def faults_of(tab):
    """What is wrong with what a tab shows, in each width."""
    faults = list(tab.evaluate(_RAN))
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 800})
        if out := tab.evaluate(_OUT):
            faults.append(f"at {width}: {out}")
    return faults


def test_names_of_strangers_are_text_and_fit_on_every_screen(tab, stranger):
    faults = []
    for name, path in SCREENS.items():
        if name == "server":  # which is of operators
            continue
        move(tab, address(stranger, path))
        faults += [f"{name}: {each}" for each in faults_of(tab)]
    assert not faults, "\n".join(faults)
    assert tab.problems == []
    assert tab.hosts == {"127.0.0.1"}


_DIALOG, _MENU = "dialog[open]", ".menu > [aria-expanded=true]"
# Dialogs and menus: the screen, keys and buttons that are pressed, and what is open then.
OPENED = {
    "palette": ("/", ("Control+k",), (), _DIALOG),
    "menu of the person": ("/", (), ("profile, settings, sign out",), _MENU),
    "menu of the list": ("/services", (), ("Show groups, columns, files",), _MENU),
    "deleting a service": ("/services/{services}", (), ("More", "Delete…"), _DIALOG),
    "telling somebody": ("/alerts/{alerts}", (), ("Tell somebody",), _MENU),
    "overriding": ("/on-call", (), ("New override",), _DIALOG),
    "telling of an incident": ("/pages/{status-pages}", (), ("Tell of an incident",), _DIALOG),
}


def test_names_of_strangers_are_text_and_fit_in_dialogs_and_menus(tab, stranger):
    faults = []
    for name, (path, keys, buttons, opened) in OPENED.items():
        tab.set_viewport_size({"width": 1280, "height": 800})
        show(tab, address(stranger, path))
        for key in keys:
            tab.keyboard.press(key)
        for button in buttons:
            tab.get_by_role("button", name=button).first.click()
        tab.locator(opened).wait_for()
        faults += [f"{name}: {each}" for each in faults_of(tab)]
    assert not faults, "\n".join(faults)
    assert tab.problems == []
