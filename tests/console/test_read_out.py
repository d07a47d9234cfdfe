"""What is read out: roles and names of the main screens, and what is said while things happen."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
import requests

from tests.console.screens import address, show
from tests.flows.product import PASSWORD, Target, target
from tests.waiting import seconds_until

PERSON = ("rea@example.com", "Rea Moss")
# Every text of the region for announcements, with the moment (milliseconds) it was put there.
_LISTEN = """() => {
  const region = document.querySelector('[data-announcements]');
  window.said = [];
  new MutationObserver(() => window.said.push([performance.now(), region.textContent]))
    .observe(region, { childList: true, characterData: true, subtree: true });
}"""
LEAST_PAUSE_MS = 4900  # of five seconds; the observer hears of a text some milliseconds later


@dataclass
class Place:
    """An organization of its own, in which the service "Till" fails when it is told to."""

    call: Callable
    till: Target
    ids: dict[str, str] = field(default_factory=dict)

    def check(self, status):
        """Let Till answer so, and check it."""
        self.till.status = status
        self.call("POST", f"/services/{self.ids['Till']}/check")

    def has(self, status):
        """Wait until Till has a status, and nothing is open when it is up."""
        path = f"/services/{self.ids['Till']}"
        seconds_until(lambda: self.call("GET", path)["status"] == status, 30)
        if status == "GREEN":
            seconds_until(lambda: self.call("GET", "/alerts") == [], 30)

    def alert(self):
        """Wait for the open alert; return its id."""
        found = []
        seconds_until(lambda: found.extend(self.call("GET", "/alerts")) or found, 30)
        return found[0]["id"]


@pytest.fixture(scope="module")
def product(filled):
    return filled


@pytest.fixture(scope="module")
def place(product):
    body = {"email": PERSON[0], "full_name": PERSON[1], "password": PASSWORD}
    product.call("POST", "/auth/register", body)
    session = requests.Session()

    def call(method, path, sent=None):
        answer = session.request(method, product.api + path, json=sent, timeout=30)
        assert answer.ok, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None

    token = call("POST", "/auth/login", {"email": PERSON[0], "password": PASSWORD})["token"]
    session.headers["Authorization"] = f"Bearer {token}"
    with target() as till, target() as shelf:
        made = Place(call, till)
        for name, one in (("Till", till), ("Shelf", shelf)):
            service = {
                "name": name,
                "endpoint": one.url,
                "check_type": "HTTP",
                "check_interval_seconds": 3600,  # so it is checked when a test asks for it
                "timeout_seconds": 5,
                "tags": ["shop"],
            }
            made.ids[name] = call("POST", "/services", service)["id"]
            path = f"/services/{made.ids[name]}"
            seconds_until(lambda path=path: call("GET", path)["status"] == "GREEN", 30)
        yield made


# In the order in which it is read; what is left out may stand between. Moments are left open.
_READ_OUT = {
    "/": """
    - heading "Home" [level=1]
    - paragraph:
      - img "Down"
      - link "One service is down"
      - text: /1 up/
      - link "Nobody was told of one alert."
    - heading "One open alert" [level=2]
    - list:
      - listitem:
        - img "Critical"
        - link "Till"
        - paragraph: /503/
        - paragraph:
          - text: /Firing/
          - time
        - button "Acknowledge"
    """,
    "/services": """
    - heading "Services" [level=1]
    - link "New service"
    - search:
      - textbox "Filter services"
    - button "1 Down"
    - button "1 Up"
    - status: 2 services
    - grid "Services":
      - rowgroup:
        - row /^Till, Down since .+, .*503/:
          - gridcell "Select":
            - checkbox "Select"
          - gridcell /^Down/
          - gridcell "Till shop":
            - link "Till"
          - gridcell /last \\d+ checks. \\d+ failed, latest Down/:
            - img /last \\d+ checks. \\d+ failed, latest Down/
        - row "Shelf, Up"
    """,
    "/alerts": """
    - heading "Alerts" [level=1]
    - navigation "Which alerts":
      - link "Open 1"
      - link "Mine"
      - link "All"
    - list:
      - listitem:
        - checkbox "Select Till"
        - img "Critical"
        - link "Till"
        - button "Acknowledge"
    """,
    "/alerts/{alert}": """
    - link "Alerts"
    - 'heading "Till: Service down" [level=1]'
    - paragraph:
      - text: /Critical Firing/
      - time
      - text: /503/
    - button "Acknowledge"
    - button "Snooze"
    - button "Resolve"
    - heading "Why" [level=2]
    - heading /^Failed/ [level=3]
    - term: Connect
    - heading /^Last good/ [level=3]
    - heading "Context" [level=2]
    - heading "Who knows" [level=2]
    - strong: Nobody was told
    - heading "Timeline" [level=2]
    - button "Copy as Markdown"
    - list:
      - listitem
    - textbox "Note"
    - button "Add"
    """,
    "/services/{Till}": """
    - link "Services"
    - heading "Till" [level=1]
    - paragraph: /Down/
    - button "Check now"
    - button "Pause"
    - link "Edit"
    - button "More"
    - navigation "Views of the service":
      - link "Overview"
      - link "Checks"
    """,
}


@pytest.fixture(scope="module")
def down(place):
    """Paths of what is down: the service and its alert."""
    place.check(503)
    place.has("RED")
    return place.ids | {"alert": place.alert()}


@pytest.fixture(scope="module")
def rea(sign_in, place):
    return sign_in(PERSON)


@pytest.mark.parametrize("path", _READ_OUT)
def test_what_is_read_out_of_a_screen(rea, expect, product, down, path):
    show(rea, address(product, path.format(**down)))
    expect(rea.locator(".main")).to_match_aria_snapshot(_READ_OUT[path])
    expect(rea).to_have_title(re.compile(r"^\(1\) "))  # how many alerts are open


def test_what_is_wrong_in_a_form_is_said_at_once_and_at_its_field(rea, expect, product):
    show(rea, address(product, "/channels/new?type=webhook"))
    field_of_url = rea.get_by_role("textbox", name="URL", exact=True)
    expect(field_of_url).to_be_focused()
    rea.get_by_role("button", name="Add channel").click()
    expect(rea.get_by_role("alert")).to_have_text("One field needs a lookURL is missing.")
    expect(field_of_url).to_be_focused()
    expect(field_of_url).to_have_attribute("aria-invalid", "true")
    expect(field_of_url).to_have_accessible_error_message("URL is missing.")
    field_of_url.fill("http://127.0.0.1:9/hook")
    expect(rea.get_by_role("alert")).to_have_count(0)
    expect(field_of_url).not_to_have_attribute("aria-invalid", "true")
    show(rea, address(product, "/profile"))
    rea.get_by_role("button", name="Save").first.click()
    expect(rea.locator(".toasts")).to_contain_text("Saved.")
    expect(rea.locator(".toasts")).to_have_role("status")


def test_what_happens_meanwhile_is_said_in_one_sentence_in_five_seconds(
    sign_in, expect, product, place
):
    place.check(200)
    place.has("GREEN")
    tab = sign_in(PERSON)
    show(tab, address(product, "/channels"))
    expect(tab.locator(".live")).to_contain_text("Live")
    region = tab.locator("[data-announcements]")
    expect(region).to_have_role("status")
    tab.evaluate(_LISTEN)

    def said(text):
        return lambda: any(text in each for _, each in tab.evaluate("window.said"))

    place.check(503)
    seconds_until(said("One service went down: Till."), 30)
    place.call("POST", f"/alerts/{place.alert()}/acknowledge")
    place.check(200)
    seconds_until(said("One service is up again: Till"), 30)
    seconds_until(said("One alert is acknowledged: Till."), 30)
    moments = [at for at, _ in tab.evaluate("window.said")]
    pauses = [after - before for before, after in pairwise(moments)]
    assert all(pause >= LEAST_PAUSE_MS for pause in pauses), pauses
    assert tab.problems == []


def test_an_announcement_counts_names_three_and_does_not_tell_twice(rea):
    rea.goto(rea.url)
    changed = [
        {"service_id": name, "service_name": name, "from": before, "to": after}
        for name, before, after in (
            ("a", "GREEN", "RED"),
            ("b", "GREEN", "RED"),
            ("c", "YELLOW", "RED"),
            ("d", "PENDING", "RED"),
            ("e", "RED", "GREEN"),
            ("f", "PENDING", "GREEN"),
            ("g", "RED", "RED"),
        )
    ]
    alerts = [
        ["fired", {"service_id": "a", "service_name": "a", "suppressed_by": None}],
        ["fired", {"service_id": "x", "service_name": "x", "suppressed_by": None}],
        ["fired", {"service_id": "y", "service_name": "y", "suppressed_by": "1"}],
    ]
    found = rea.evaluate(
        """async ([changed, alerts]) => {
          const app = document.querySelector('script[type=module]').src;
          const { announcement } = await import(app.replace('app.mjs', 'lib/announcements.mjs'));
          return [announcement(changed, alerts), announcement(changed.slice(5), alerts.slice(2))];
        }""",
        [changed, alerts],
    )
    assert found == [
        "4 services went down: a, b, c and 1 more; One service is up again: e;"
        " One alert has fired: x.",
        "",
    ]
