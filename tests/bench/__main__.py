"""Run every benchmark, or those named: `python -m tests.bench [engine] [lateness] …`."""

import importlib
import pkgutil
import sys
import time

from tests import bench
from tests.bench.world import world


def main(wanted: list[str]) -> None:
    """Print one table for each benchmark."""
    names = [module.name for module in pkgutil.iter_modules(bench.__path__)]
    for name in sorted(name for name in names if name.startswith("bench_")):
        if wanted and name.removeprefix("bench_") not in wanted:
            continue
        started = time.monotonic()
        with world() as here:
            rows = importlib.import_module(f"tests.bench.{name}").run(here)
        print(f"\n{name.removeprefix('bench_')} ({time.monotonic() - started:.0f} s)")
        for what, figure, bound in rows:
            print(f"  {what:<58} {figure:>16}   {bound}")


if __name__ == "__main__":
    main(sys.argv[1:])
