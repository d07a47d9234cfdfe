"""Run every soak, or those named: `python -m tests.soak [outages] [people] [pings]`."""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.flows.product import Product
from tests.receivers import MailReceiver
from tests.soak import outages, people, pings
from tests.soak.story import Story

SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))


def tell_outages() -> object:
    """Run the fault story for ten minutes; raise where an invariant does not hold."""
    return _tell(outages.run)


def tell_people() -> object:
    """Let people act at random for ten minutes; raise where an invariant does not hold."""
    with MailReceiver() as mail:
        return _tell(people.run, SMTP_URL=f"{mail.url}?starttls=off")


def _tell(run: Callable[..., Story], **settings: str) -> Story:
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-soak-") as folder,
        Product(Path(folder).resolve(), **settings) as product,
    ):
        product.ready()
        story = run(product, SECONDS, seed=int(time.time()))
    if story.faults:
        raise AssertionError("\n".join([str(story), *story.faults]))
    return story


# A soak returns what it saw, and raises where it found a fault.
SOAKS: dict[str, Callable[[], object]] = {
    "outages": tell_outages,
    "people": tell_people,
    "pings": pings.run,
}


def main(wanted: list[str]) -> None:
    """Print how each soak went."""
    for name, run in SOAKS.items():
        if not wanted or name in wanted:
            print(f"{name}: {run()}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
