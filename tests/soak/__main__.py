"""Run every soak, or those named: `python -m tests.soak [outages] [pages_away] …`."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.flows.product import Product
from tests.receivers import MailReceiver
from tests.soak import (
    console,
    full_disk,
    hostile,
    locations,
    long_list,
    outages,
    pages_away,
    people,
    pings,
    storage,
    subscribers,
)

SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))


def run_outages() -> object:
    """Run the fault story for ten minutes; raise where an invariant does not hold."""
    return _run_story(outages.run)


def run_people() -> object:
    """Let people act at random for ten minutes; raise where an invariant does not hold."""
    with MailReceiver() as mail:
        return _run_story(people.run, SMTP_URL=f"{mail.url}?starttls=off")


def run_hostile() -> object:
    """Attack for ten minutes beside normal work; raise where that feels it."""
    return _run_story(hostile.run, RATE_LIMITS="on")


def run_locations() -> object:
    """Kill an agent, its web and its link for ten minutes; raise for a double, or a loss."""
    return _run_story(locations.run)


def run_console(services: int) -> object:
    """Watch so many services in a browser for ten minutes; raise where the tab grows or fails."""

    def watch(product: Product, seconds: float, **_: int) -> Any:
        return console.run(product, seconds, services=services)

    return _run_story(watch)


def _run_story(run: Callable[..., Any], **settings: str) -> Any:
    folder = tempfile.mkdtemp(prefix="alertifypro-soak-")
    try:
        with Product(Path(folder).resolve(), **settings) as product:
            product.ready()
            story = run(product, SECONDS, seed=int(time.time()))
        if story.faults:
            raise AssertionError("\n".join([str(story), *story.faults]))
    except BaseException:
        print(f"logs and database are kept in {folder}", file=sys.stderr)
        raise
    shutil.rmtree(folder)
    return story


# A soak returns what it saw, and raises where it found a fault.
SOAKS: dict[str, Callable[[], object]] = {
    "outages": run_outages,
    "people": run_people,
    "hostile": run_hostile,
    "pings": pings.run,
    "full_disk": full_disk.run,
    "console": partial(run_console, 2_000),
    "console_10000": partial(run_console, 10_000),
    "long_list": long_list.run,
    "locations": run_locations,
    "pages_away": pages_away.run,
    "storage": storage.run,
    "subscribers": subscribers.run,
}


def main(wanted: list[str]) -> None:
    """Print how each soak went."""
    for name, run in SOAKS.items():
        if not wanted or name in wanted:
            print(f"{name}: {run()}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
