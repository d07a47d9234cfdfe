"""Memory that processes of the product give back."""

import os
import subprocess
import sys

import pytest

from app.local import settings
from app.local.commands import product
from app.local.settings import PROJECT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="malloc of glibc")

PROGRAM = """
from app.platform.crypto import hash_password

def own_megabytes():
    with open("/proc/self/smaps_rollup") as rollup:
        sizes = {line.split(":")[0]: line.split()[1] for line in rollup if line.endswith("kB\\n")}
    return int(sizes["Private_Dirty"]) / 1024

before = own_megabytes()
for _ in range(4):
    hash_password("correct horse battery")
print(own_megabytes() - before)
"""


def test_what_a_password_took_to_be_hashed_is_given_back():
    command = product({}, settings.check({}))[0]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=PROJECT,
        env={**os.environ, **command.env},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert float(done.stdout) < 10, "each takes 19 MiB"
