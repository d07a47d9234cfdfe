"""Pictures of public pages in every state: `make page-pictures`, into a folder of your choice.

Each state at three widths, light and dark, and a sheet with all six side by side.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from app.pages.status.snapshot import Snapshot
from tests.chromium import WHOLE, chromium
from tests.pages import scenes
from tests.pages.serving import serving

WIDTHS, THEMES = (360, 768, 1280), ("light", "dark")
HOST = "status.localhost"  # that of a page with a domain of its own
_MOST_HEIGHT = 1600
_ZOOM = 0.5
# What stands behind `/status/`, by the name of the picture.
STATES = {
    "operational": "all_well",
    "slow": "slow",
    "outage": "one_down",
    "major-outage": "major",
    "maintenance": "maintenance",
    "unknown": "unknown",
    "empty": "empty",
    "one-service": "one",
    "two-hundred-services": "many",
    "long-names": "long_names",
    "right-to-left": "right_to_left",
    "columns": "columns",
    "wall": "one_down?view=wall",
    "service": "response_times/services/sv_00000000",
    "incident": "one_down/incidents/in_now",
    "incident-of-300-updates": "chatty",
    "its-earlier-updates": "chatty/incidents/in_chatty/2",
    "post-mortem": "history_of_all/incidents/in_over",
    "history": "history_of_all/history?month=2026-11",
    "history-of-nothing": "empty/history",
    "maintenance-window": "maintenance/maintenance/mw_coming",
    "embed": "one_down/embed",
    "subscribe": "one_down/subscribe",
    "confirm": "one_down/confirm",
    "unsubscribe": "one_down/manage",
    "password": "open",
    "not-found": "nobody",
}
WITHOUT_SCRIPT = ("operational", "outage", "maintenance", "two-hundred-services", "subscribe")
_POST_MORTEM = """# What happened

A release of the morning sent *every* payment to the old gateway.

## Timeline

1. 13:20 the release goes out
2. 13:23 the first payments fail
3. 14:10 the release is taken back

> We had no test for the second gateway.

What we do now:

- a test for both gateways
- a release in two steps, see [the plan](https://example.com/plan)

```
gateway: old -> new
```
"""


def pages() -> dict[str, Snapshot]:
    """Return the scenes of the tests and those that only pictures need."""
    updates = [
        {
            "status": "investigating",
            "body": f"We look into it. This is update {number}.",
            "at": scenes.NOW - timedelta(minutes=300 - number),
            "edited_at": None,
        }
        for number in reversed(range(300))
    ]
    chatty = scenes.incident("Payments fail", "in_chatty", ["sv_00000000"], updates=updates)
    over: dict[str, Any] = {"status": "resolved", "next_update_at": None}
    ended = scenes.incident(
        "Payments by card failed", "in_over", ["sv_00000000", "sv_00000004"], **over,
        started_at=scenes.NOW - timedelta(days=2), post_mortem=_POST_MORTEM,
        resolved_at=scenes.NOW - timedelta(days=2) + timedelta(minutes=50),
        post_mortem_published_at=scenes.NOW - timedelta(days=1), severity="critical",
    )  # fmt: skip
    older = scenes.incident(
        "Slow search", "in_older", ["sv_00000001"], **over, severity="minor",
        started_at=scenes.NOW - timedelta(days=9), resolved_at=scenes.NOW - timedelta(days=8),
    )  # fmt: skip
    made = [
        scenes.snapshot(scenes.shop(checkout="down"), slug="chatty", incidents=[chatty]),
        scenes.snapshot(scenes.shop(), slug="history_of_all", past=[ended, older]),
        scenes.snapshot(
            scenes.shop(search="slow"), slug="domain", host=HOST, url=f"http://{HOST}/",
            branding={"company_name": "Acme", "primary_color": "#7c3aed"},
        ),
    ]  # fmt: skip
    return scenes.scenes() | {page.slug: page for page in made}


def main(folder: Path) -> None:
    """Write the pictures and their sheets."""
    folder.mkdir(parents=True, exist_ok=True)
    with chromium(WHOLE) as browser:
        for name, address in _addresses(STATES):
            _shoot(browser, folder, name, address)
            if name in WITHOUT_SCRIPT:
                _shoot(browser, folder, f"{name}-without-script", address, has_script=False)
        with _served(timedelta(seconds=90), is_away=True) as server:
            _shoot(browser, folder, "database-away", f"{server}/status/one_down")
        with _served(timedelta(minutes=5), is_away=True) as server:
            _shoot(browser, folder, "stale", f"{server}/status/all_well")


def _addresses(states: dict[str, str]) -> Iterator[tuple[str, str]]:
    with _served() as server:
        for name, path in states.items():
            yield name, f"{server}/status/{path}"
        yield "custom-domain", server.replace("localhost", HOST)


@contextmanager
def _served(age: timedelta = timedelta(seconds=5), *, is_away: bool = False) -> Iterator[str]:
    made = [replace(page, page_id=slug) for slug, page in pages().items()]
    with serving(age, pages=made, is_away=is_away) as server:
        yield server


def _shoot(browser: Any, folder: Path, name: str, address: str, *, has_script: bool = True) -> None:
    shots = []
    for theme in THEMES:
        for width in WIDTHS:
            tab = browser.new_page(
                viewport={"width": width, "height": 640},
                color_scheme=theme,
                timezone_id="Europe/Berlin",
                java_script_enabled=has_script,
            )
            tab.clock.set_fixed_time(scenes.NOW + timedelta(seconds=5))
            tab.goto(address)
            tab.wait_for_load_state("networkidle")
            path = folder / f"{name}-{width}-{theme}.png"
            tab.screenshot(path=str(path), full_page=True)
            tab.close()
            shots.append((width, path))
    _sheet(browser, folder / f"sheet-{name}.png", shots)


def _sheet(browser: Any, target: Path, shots: list[tuple[int, Path]]) -> None:
    images = "".join(
        f'<div><img src="{quote(path.name)}" width={round(width * _ZOOM)}></div>'
        for width, path in shots
    )
    page = target.with_suffix(".html")
    style = "margin:8px;display:grid;grid-template-columns:repeat(3,max-content);gap:8px"
    cut = f"<style>div {{ max-height: {_MOST_HEIGHT * _ZOOM}px; overflow: hidden }}</style>"
    page.write_text(
        f"<!doctype html>{cut}<body style='{style};align-items:start;background:#888'>{images}"
    )
    total = round(sum(WIDTHS) * _ZOOM) + 8 * (len(WIDTHS) + 1)
    tab = browser.new_page(viewport={"width": total, "height": 200}, device_scale_factor=1)
    tab.goto(page.resolve().as_uri())
    tab.screenshot(path=str(target), full_page=True)
    tab.close()
    page.unlink()
    print(target.name, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "page-pictures"))
