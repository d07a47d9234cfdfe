"""Run every soak, or those named: `python -m tests.soak [outages] [pings]`."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.flows.product import Product
from tests.soak import outages, pings

OUTAGE_SECONDS = 600


def tell_outages() -> object:
    """Run the fault story for ten minutes; raise where an invariant does not hold."""
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-soak-") as folder,
        Product(Path(folder).resolve()) as product,
    ):
        product.ready()
        story = outages.run(product, OUTAGE_SECONDS, seed=int(time.time()))
    if story.faults:
        raise AssertionError("\n".join([str(story), *story.faults]))
    return story


# A soak returns what it saw, and raises where it found a fault.
SOAKS: dict[str, Callable[[], object]] = {"outages": tell_outages, "pings": pings.run}


def main(wanted: list[str]) -> None:
    """Print how each soak went."""
    for name, run in SOAKS.items():
        if not wanted or name in wanted:
            print(f"{name}: {run()}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
