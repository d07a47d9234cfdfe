"""Pictures of every screen in its states, to look at: `make pictures`.

`ARGS="--screens alert 'new rule' --widths 360 --themes dark --states filled failing"` makes some of
them; the themes `forced` and `forced-dark` have the colours of a system with high contrast. The
real product, filled with the sample; somebody new sees the screens that are empty, and goes through
the first ten minutes.
"""

import argparse
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, Route, sync_playwright

from tests.chromium import FLAGS, WHOLE
from tests.console import sample
from tests.console.screens import (
    COUNT_REQUESTS,
    ENTRANCES,
    SCREENS,
    address,
    go,
    move,
    show,
    wait_until_idle,
)
from tests.flows.product import PASSWORD, Product

FOLDER = Path(__file__).parents[2] / ".pictures"
WIDTHS = {360: 740, 768: 1024, 1280: 800}  # pixels, and how high a window of this width is
THEMES = ("light", "dark")
FORCED = ("forced", "forced-dark")  # colours of the system, as in the high contrast of Windows
NEWCOMER = ("nora@example.com", "Nora Berg")
INVITED = "noor.van-den-berg@example.com"
# Of a skeleton: it comes after 150 ms (parts/Page.mjs).
_LOADING_MS = 400
_PRACTICE_MS = 120_000  # of an outage of 20 seconds, on a machine with other work

# What is opened on a screen: dialogs, menus, what a wrong form says. Each step is a key, a button
# by its name, or a label with what is filled in.
Step = str | tuple[str, str]
OPENED: dict[str, tuple[str, tuple[Step, ...]]] = {
    "palette": ("/", (("key", "Control+k"),)),
    "keys of the keyboard": ("/", (("key", "?"),)),
    "menu of the person": ("/", ("Ada Okafor: profile, settings, sign out",)),
    "menu of the list": ("/services", ("Show groups, columns, files",)),
    "chosen services": ("/services", (("key", "ArrowDown"), ("check", "Select all"))),
    "menu of a service": ("/services/{services}", ("More",)),
    "deleting a service": ("/services/{services}", ("More", "Delete…")),
    "service refused": ("/services/new", ("Start watching",)),
    "service tried": ("/services/new", (("What", "http://127.0.0.1:9/"), "Test")),
    "chosen alerts": ("/alerts", (("check", "Select Checkout"),)),
    "snoozing": ("/alerts/{alerts}", ("Snooze",)),
    "telling somebody": ("/alerts/{alerts}", ("Tell somebody",)),
    "channel refused": ("/channels/new?type=slack", ("Add channel",)),
    "overriding": ("/on-call", ("New override",)),
    "calendar feeds": ("/on-call", ("In your calendar",)),
    "telling of an incident": ("/pages/{status-pages}", ("Tell of an incident",)),
    "inviting": ("/organization?tab=members", ("Invite somebody",)),
    "making a key": ("/organization?tab=keys", ("New key",)),
    "linking a wall screen": ("/organization?tab=keys", ("Link for a wall screen",)),
    "second factor": ("/profile", ("Set it up",)),
}


@dataclass(frozen=True)
class Choice:
    """What to make pictures of."""

    screens: frozenset[str]
    widths: tuple[int, ...]
    themes: tuple[str, ...]
    states: tuple[str, ...]
    folder: Path


@dataclass(frozen=True)
class Studio:
    """A product with the sample in it, a browser, and what to make pictures of."""

    product: Product
    shop: sample.Shop
    browser: Browser
    choice: Choice

    def tab(self, person: tuple[str, str] | None = sample.OWNER) -> Page:
        """Open a tab, in which the person is signed in."""
        context = self.browser.new_context()
        context.add_init_script(COUNT_REQUESTS)
        if person:
            home = f"http://127.0.0.1:{self.product.port}"
            answer = context.request.post(
                f"{home}/api/v1/session",
                data={"email": person[0], "password": PASSWORD},
                headers={"Origin": home},
            )
            assert answer.ok, answer.text()
        return context.new_page()

    def wanted(self, screens: dict[str, str]) -> Iterator[tuple[str, str]]:
        """Yield name and address of those screens that were chosen."""
        for name, path in screens.items():
            if name in self.choice.screens:
                yield name, address(self.product, path)

    def shoot(self, tab: Page, name: str, state: str) -> None:
        """Make the pictures of what a tab shows, in each width and theme."""
        for width in self.choice.widths:
            tab.set_viewport_size({"width": width, "height": WIDTHS[width]})
            for theme in self.choice.themes:
                tab.emulate_media(
                    color_scheme="dark" if theme.endswith("dark") else "light",
                    forced_colors="active" if theme in FORCED else "none",
                    reduced_motion="reduce",
                )
                tab.evaluate("scrollTo(0, 0)")
                tab.wait_for_timeout(60)
                stem = re.sub(r"[^a-z0-9]+", "-", name.lower())
                target = self.choice.folder / state / f"{stem}-{width}-{theme}.png"
                target.parent.mkdir(parents=True, exist_ok=True)
                # A dialog is in the window, not in the page that is behind it.
                whole = not tab.locator("dialog[open]").count()
                tab.screenshot(path=str(target), full_page=whole)


def _filled(studio: Studio) -> None:
    entrance = studio.tab(None)
    for name, url in studio.wanted(ENTRANCES):
        show(entrance, url)
        studio.shoot(entrance, name, "filled")
    if "invitation" in studio.choice.screens:
        _invited(studio)
    tab = studio.tab()
    show(tab, address(studio.product, "/profile"))
    for name, url in studio.wanted(SCREENS):
        move(tab, url)
        tab.evaluate("document.activeElement?.blur()")
        studio.shoot(tab, name, "filled")


def _invited(studio: Studio) -> None:
    """Show the invitation as its link opens it: with the address that it went to."""
    asked = studio.product.call("POST", "/members", {"email": INVITED, "role": "responder"})
    tab = studio.tab(None)
    said = asked["invite_url"].partition("#")[2]
    show(tab, f"http://127.0.0.1:{studio.product.port}/invitation#{said}")
    studio.shoot(tab, "invitation with its address", "filled")


def _empty(studio: Studio) -> None:
    body = {"email": NEWCOMER[0], "full_name": NEWCOMER[1], "password": PASSWORD}
    studio.product.call("POST", "/auth/register", body)
    tab = studio.tab(NEWCOMER)
    show(tab, address(studio.product, "/profile"))
    for name, url in studio.wanted({k: path for k, path in SCREENS.items() if "{" not in path}):
        move(tab, url)
        studio.shoot(tab, name, "empty")


def _failing(studio: Studio) -> None:
    answer = {"status": 500, "json": {"error": "something broke"}}
    _answering(studio, "failing", lambda route: route.fulfill(**answer), wait_until_idle)


def _loading(studio: Studio) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    _answering(studio, "loading", hold, lambda tab: tab.wait_for_timeout(_LOADING_MS))
    for route in held:
        with suppress(Error):  # of a request that the screen itself gave up
            route.abort()


def _answering(
    studio: Studio, state: str, answer: Callable[[Route], None], wait: Callable[[Page], None]
) -> None:
    """Show every screen while `answer` is what comes of all that it asks for."""
    tab = studio.tab()
    show(tab, address(studio.product, "/profile"))
    tab.route(re.compile(r"/api/v1/(?!session|auth/)"), answer)
    for name, url in studio.wanted(SCREENS):
        go(tab, url)
        wait(tab)
        studio.shoot(tab, name, state)


def _opened(studio: Studio) -> None:
    tab = studio.tab()
    tab.set_viewport_size({"width": 1280, "height": WIDTHS[1280]})
    show(tab, address(studio.product, "/profile"))
    for name, (path, steps) in OPENED.items():
        if name not in studio.choice.screens:
            continue
        show(tab, address(studio.product, path))
        for step in steps:
            match step:
                case ("key", key):
                    tab.keyboard.press(key)
                case ("check", label):
                    tab.get_by_label(label, exact=True).first.check()
                case (label, text):
                    tab.get_by_label(label, exact=True).fill(text)
                case str():
                    tab.get_by_role("button", name=step, exact=True).first.click()
        wait_until_idle(tab)
        studio.shoot(tab, name, "opened")


def _first_run(studio: Studio) -> None:
    tab = studio.tab(None)
    show(tab, f"http://127.0.0.1:{studio.product.port}/sign-up")

    def press(name: str, seen: str) -> None:
        tab.get_by_role("button", name=name).first.click()
        tab.get_by_text(seen).first.wait_for()
        wait_until_idle(tab)

    for label, text in (("Name", "Noor"), ("E-mail address", "noor@example.com")):
        tab.get_by_label(label).fill(text)
    tab.get_by_label("Password").fill(PASSWORD)
    studio.shoot(tab, "1 account", "first-run")
    press("Create account", "What shall we watch?")
    tab.get_by_label("Addresses, one a line").fill(f"{studio.shop.url}/shop\n127.0.0.1:9")
    press("Test", "Testing")
    tab.get_by_text("Testing").first.wait_for(state="hidden")
    studio.shoot(tab, "2 what to watch", "first-run")
    press("Start watching", "Who shall hear of it?")
    studio.shoot(tab, "3 who hears", "first-run")
    press("Webhook", "Where do I find this?")
    tab.get_by_label("URL", exact=True).fill(f"{studio.shop.url}/chat")
    studio.shoot(tab, "4 a channel", "first-run")
    press("Continue", "Send a test")
    press("Send a test", "Did it arrive?")
    studio.shoot(tab, "5 a test", "first-run")
    press("Yes, it arrived", "Practise an outage")
    press("Practise an outage", "Remove practice")
    tab.get_by_text("was told that it is over").wait_for(timeout=_PRACTICE_MS)
    studio.shoot(tab, "6 an outage", "first-run")
    press("Remove practice and finish", "Home")
    studio.shoot(tab, "7 home", "first-run")


STATES: dict[str, Callable[[Studio], None]] = {
    "filled": _filled,
    "empty": _empty,
    "failing": _failing,
    "loading": _loading,
    "opened": _opened,
    "first-run": _first_run,
}


def main() -> None:
    """Make the pictures that were asked for."""
    choice = _choice()
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-pictures-") as folder,
        Product(Path(folder)) as product,
        sample.shop() as running,
        sync_playwright() as playwright,
    ):
        product.ready()
        product.sample = sample.fill(product, running)  # type: ignore[attr-defined]
        browser = playwright.chromium.launch(executable_path=str(WHOLE), args=FLAGS)
        for state in choice.states:
            STATES[state](Studio(product, running, browser, choice))
        browser.close()
    made = sorted(choice.folder.rglob("*.png"))
    print(f"{len(made)} pictures in {choice.folder}")


def _choice() -> Choice:
    parser = argparse.ArgumentParser(prog="make pictures", description=__doc__)
    names = [*ENTRANCES, *SCREENS, *OPENED]
    parser.add_argument("--screens", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--widths", nargs="+", type=int, choices=WIDTHS, default=list(WIDTHS))
    parser.add_argument("--themes", nargs="+", choices=(*THEMES, *FORCED), default=THEMES)
    parser.add_argument("--states", nargs="+", choices=STATES, default=list(STATES))
    parser.add_argument("--into", type=Path, default=FOLDER)
    found = parser.parse_args()
    return Choice(
        frozenset(found.screens), tuple(found.widths), tuple(found.themes), tuple(found.states),
        found.into,
    )  # fmt: skip


if __name__ == "__main__":
    main()
