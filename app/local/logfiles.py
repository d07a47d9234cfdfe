"""Log files of the supervised processes: kept small, and quoted when a process cannot start."""

import os
import shutil
from pathlib import Path

MAX_BYTES = 20 * 1024 * 1024
TAIL_BYTES = 4096


def rotate(path: Path, max_bytes: int = MAX_BYTES) -> None:
    """Move a large log to `<name>.1`. Copied and emptied, because a process may hold it open."""
    if path.exists() and path.stat().st_size > max_bytes:
        shutil.copyfile(path, path.with_name(path.name + ".1"))
        os.truncate(path, 0)


def tail(path: Path, lines: int = 5, since: int = 0) -> str:
    """The last lines written after offset `since`, indented, ready to stand below a sentence."""
    if not path.exists():
        return ""
    with path.open("rb") as log:
        size = log.seek(0, os.SEEK_END)
        log.seek(max(min(since, size), size - TAIL_BYTES))
        text = log.read().decode(errors="replace")
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])
