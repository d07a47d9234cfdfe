"""Processes of a launcher that was killed: found again by their pid files, and stopped.

On Linux the kernel ends the children together with the launcher and this finds nothing; elsewhere,
and in the instant while they are still ending, the next start waits for them here.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path

PATIENCE_SECONDS = 5.0


def identity(pid: int) -> str | None:
    """Tells a process from a later one with the same number; None when it is gone."""
    if sys.platform != "linux":
        found = subprocess.run(
            ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return "_".join(found.stdout.split()) or None
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return None if fields[0] == "Z" else f"{boot}:{fields[19]}"


def remember(pid_file: Path, pid: int, death_signal: signal.Signals) -> None:
    """Note a process for the next launcher, with the signal that ends it."""
    whole = pid_file.with_suffix(".new")  # nobody is to read half of it
    whole.write_text(f"{pid} {identity(pid)} {int(death_signal)}")
    whole.replace(pid_file)


def stop_all(pids: Path) -> None:
    """End whatever a killed launcher left behind in its directory of pid files."""
    waiting = []
    for pid_file in pids.glob("*.pid"):
        pid, known, death_signal = _read(pid_file)
        if pid and identity(pid) == known:
            _signal(pid, death_signal)
            waiting.append((pid, known))
        pid_file.unlink()
    deadline = time.monotonic() + PATIENCE_SECONDS
    for pid, known in waiting:
        while identity(pid) == known and time.monotonic() < deadline:
            time.sleep(0.02)
        if identity(pid) == known:
            _signal(-pid, signal.SIGKILL)  # with its process group


def end(pids: Path, but: Collection[str]) -> int:
    """Ask the processes of a directory of pid files to end; return how many were asked."""
    count = 0
    for pid_file in pids.glob("*.pid"):
        pid, known, _ = _read(pid_file)
        if pid_file.stem not in but and pid and identity(pid) == known:
            _signal(pid, signal.SIGTERM)
            count += 1
    return count


def _read(pid_file: Path) -> tuple[int, str, int]:
    parts = pid_file.read_text(errors="replace").split()
    try:
        pid, known, death_signal = parts
        return int(pid), known, int(death_signal)
    except ValueError:  # the launcher was killed while it wrote, or the file is damaged
        return 0, "", 0


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
