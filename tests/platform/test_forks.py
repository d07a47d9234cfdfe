"""Memory of a process that is about to fork."""

import subprocess
import sys

import pytest

from app.local.settings import PROJECT

pytestmark = pytest.mark.skipif(
    sys.implementation.name != "cpython" or sys.version_info[:2] > (3, 13),
    reason="the allocator of CPython, whose pools are of 16 kB",
)

# Prints among how many pools new objects of each size are spread.
PROGRAM = """
from app.platform import forks

kept = [bytes(size - 33) for size in forks._SIZES for _ in range(2000)]
del kept[::20]
forks.settle()
print(max(
    len({id(each) >> 14 for each in [bytes(size - 33) for _ in range(100)]})
    for size in forks._SIZES
))
"""


def test_what_a_fork_makes_does_not_go_between_what_is_shared():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    # The gaps of 100 objects of 48 bytes are in 6 pools of 340, those of 512 in as many as 64.
    assert int(done.stdout) <= 5, "100 objects of 512 bytes need four, begun or not"
