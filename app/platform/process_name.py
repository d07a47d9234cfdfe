"""Name of a process as `ps` and `top` show it, so that forks of one program are told apart."""

from contextlib import suppress
from pathlib import Path


def set_process_name(name: str) -> None:
    """Name this process, in at most 15 bytes (proc_pid_comm(5)); without /proc nothing happens."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name)
