"""Memory of the whole product, all processes and both servers: fresh, and with 2,000 services.

Only what `make run` installs may be imported, so use the environment of a fresh clone for figures
that are to be compared: packages of the tests that are there are found by some libraries.
"""

import tempfile
import time
from pathlib import Path

from tests.bench.product import Product, fill, product
from tests.bench.world import World

SERVICES, INTERVAL_SECONDS = 2000, 10
FRESH_SECONDS = 75  # connections that were needed for the start are ended after a minute
BUSY_SECONDS = 60
IDLE_SECONDS = 30


def run(world: World) -> list[tuple[str, str, str]]:
    """Return rows of (what, figure, bound)."""
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-bench-") as folder,
        product(Path(folder) / "state") as here,
    ):
        time.sleep(FRESH_SECONDS)
        fresh = here.pss_megabytes()
        idle = _cpu_share(here)
        with here.connect() as connection:
            endpoint = f"http://127.0.0.1:{world.target_port}/ok"
            fill(connection, endpoint, SERVICES, INTERVAL_SECONDS)
        time.sleep(BUSY_SECONDS)
        busy = here.pss_megabytes()
    return [
        ("start of a new instance, s", f"{here.start_seconds:.1f}", ""),
        ("memory of everything (PSS), fresh, MB", f"{fresh:.0f}", "<= 420"),
        (f"  with {SERVICES:,} services every {INTERVAL_SECONDS} s", f"{busy:.0f}", "<= 500"),
        ("CPU with nothing to do, ms a second", f"{idle * 1000:.1f}", ""),
    ]


def _cpu_share(here: Product) -> float:
    before, began_at = here.cpu_seconds(), time.monotonic()
    time.sleep(IDLE_SECONDS)
    return (here.cpu_seconds() - before) / (time.monotonic() - began_at)
