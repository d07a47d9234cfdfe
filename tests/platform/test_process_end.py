"""A process that ends without taking itself apart does all that is registered for its end."""

import subprocess
import sys

import pytest

from app.local.settings import PROJECT

CODE = """
import atexit, sys, threading, time
from app.platform.process_end import leave

class Kept:
    def __del__(self):
        print("taken apart")

kept = Kept()
atexit.register(print, "registered")

def work():
    time.sleep(0.2)
    print("worked")

threading.Thread(target=work).start()
print("an error", file=sys.stderr)
leave(int(sys.argv[1]))
"""


@pytest.mark.parametrize("code", [0, 75])
def test_threads_and_functions_come_to_their_end(code):
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(code)], cwd=PROJECT, capture_output=True, text=True
    )
    assert done.returncode == code
    assert done.stdout == "worked\nregistered\n"
    assert done.stderr == "an error\n"


def test_a_closed_output_is_no_reason_to_end_otherwise():
    code = "import sys\nfrom app.platform.process_end import leave\nsys.stdout.close()\nleave(3)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT)
    assert done.returncode == 3


SERVING = """
import runpy, sys
hook = runpy.run_path("gunicorn.conf.py")["worker_exit"]

class Kept:
    def __del__(self):
        print("taken apart")

kept = Kept()
for code in (3, "a sentence", 0):
    try:
        try:
            sys.exit(code)
        finally:  # gunicorn.arbiter.Arbiter.spawn_worker
            hook(None, None)
    except SystemExit:
        print("left to gunicorn", code)
"""


def test_a_process_that_has_served_ends_at_once_and_one_that_failed_as_gunicorn_says():
    done = subprocess.run(
        [sys.executable, "-c", SERVING], cwd=PROJECT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "left to gunicorn 3\nleft to gunicorn a sentence\n"
