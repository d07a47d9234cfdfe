"""Command `make production`: builds the image, runs the shape, restarts it, and checks."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.production import PROJECT, image, story
from tests.production.network import LAN, Network
from tests.production.shape import DATABASES, running

NEEDED = ("debootstrap", "ip", "unshare", "nsenter", "setpriv", "nginx", "redis-cli")
CACHE = Path("/var/cache/alertifypro-production")


def main() -> int:
    """Run what the arguments choose; return 0 when nothing was lost."""
    parser = argparse.ArgumentParser(prog="make production", description=__doc__)
    parser.add_argument("--databases", choices=DATABASES, default="bundled", help=str(DATABASES))
    parser.add_argument("--web", type=int, default=3, help="containers of the web (3)")
    parser.add_argument("--worker", type=int, default=4, help="containers that run checks (4)")
    parser.add_argument("--services", type=int, default=500, help="checked every 10 s (500)")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if missing := [name for name in NEEDED if shutil.which(name) is None]:
        print(f"missing on this machine: {', '.join(missing)}", file=sys.stderr)
        return 2
    if os.geteuid() != 0:
        print("making network namespaces needs root", file=sys.stderr)
        return 2
    if options.inside:
        return _inside(options)
    folder = Path(tempfile.mkdtemp(prefix="alertifypro-production-"))
    folder.chmod(0o755)
    try:
        print("building the image", flush=True)
        image.build(PROJECT / "Dockerfile", CACHE / "base", folder / "root")
        # The containers' addresses are reached from their own network alone.
        Network().create()
        arguments = [*sys.argv[1:], "--inside", str(folder)]
        command = ["ip", "netns", "exec", LAN, sys.executable, "-m", "tests.production", *arguments]
        return subprocess.run(command, check=False).returncode
    finally:
        Network().remove()
        if options.keep:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder)


def _inside(options: argparse.Namespace) -> int:
    built = image.read(PROJECT / "Dockerfile", options.inside / "root")
    replicas = {"web": options.web, "worker": options.worker}
    with running(built, options.inside, options.databases, replicas) as shape:
        faults = story.run(shape, options.services)
    for fault in faults:
        print(f"FAULT {fault}")
    print(f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
