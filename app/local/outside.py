"""Clusters that root keeps outside the state directory, when that lies below a closed one.

Started as root, PostgreSQL runs as another user, who cannot pass through root's own home. Opening
the home to everybody is not ours to do, so only the cluster moves.
"""

import shutil
from pathlib import Path

from app.local.postgres_home import SHARED_BASE
from app.local.state import StateDir

OWNER = "state-directory"  # a file that names the state directory a cluster belongs to
THROWAWAY = "throwaway"


def directory_for(state: StateDir, state_id: str, durable: bool) -> Path:
    """The directory for this state's cluster, made at the first use."""
    _sweep()
    directory = SHARED_BASE / state_id
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    (directory / OWNER).write_text(str(state.path))
    if not durable:
        (directory / THROWAWAY).touch()
    return directory


def discard(directory: Path) -> None:
    """Remove a throwaway cluster with its notes."""
    shutil.rmtree(directory, ignore_errors=True)


def _sweep() -> None:
    """Remove what tests left that were killed: throwaway clusters whose state nobody holds."""
    for mark in SHARED_BASE.glob(f"*/{THROWAWAY}"):
        owner = mark.with_name(OWNER)
        if owner.exists() and StateDir(Path(owner.read_text())).holder() is None:
            discard(mark.parent)
