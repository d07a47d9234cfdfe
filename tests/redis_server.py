"""Servers of Redis of a test's own, as real processes."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.local import valkey


@contextmanager
def server(folder: Path, port: int, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    own = folder / str(port)
    own.mkdir()
    settings = own / "valkey.conf"
    settings.write_text("\n".join((f"port {port}", "bind 127.0.0.1", f"dir {own}", *options, "")))
    program = valkey._find_program()
    arguments = ("--sentinel",) if "sentinel monitor" in "".join(options) else ()
    process = subprocess.Popen([program, settings, *arguments], stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)
