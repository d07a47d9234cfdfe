"""Run every soak, or those named: `python -m tests.soak [pings] …`."""

import sys
from collections.abc import Callable

from tests.soak import pings

# A soak returns what it saw, and raises where it found a fault.
SOAKS: dict[str, Callable[[], object]] = {"pings": pings.run}


def main(wanted: list[str]) -> None:
    """Print how each soak went."""
    for name, run in SOAKS.items():
        if not wanted or name in wanted:
            print(f"{name}: {run()}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
