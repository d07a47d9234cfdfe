"""Work done alone, in a process of its own that can be ended: what has taken others with it.

The work itself and its record both happen there (`workers/alone.py`); here it is only known how
that process ended.
"""

import pickle
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

_PROJECT = Path(__file__).parents[1]
_DUMP_SECONDS = 2.0  # for the traces of a process that stalls
_MAX_TRACE = 4000


class LostAloneError(Exception):
    """The process of its own has ended without finishing, or stalled; the text is its trace."""


def run_alone(what: str, work: Any, seconds: float) -> None:
    """Do a piece of work in a process of its own. Raises LostAloneError.

    `what` names a function of `workers.alone`. Blocks: call it from a thread.
    """
    with tempfile.TemporaryFile() as trace:
        process = subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, "-X", "faulthandler", "-m", "workers.alone", what],
            stdin=subprocess.PIPE,
            stdout=trace,
            stderr=trace,
            cwd=_PROJECT,
        )
        try:
            process.communicate(pickle.dumps(work), timeout=seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)  # faulthandler writes what every thread was doing
            with suppress(subprocess.TimeoutExpired):
                process.wait(_DUMP_SECONDS)
        finally:
            process.kill()
            process.wait()
        if process.returncode != 0:
            trace.seek(0)
            written = trace.read()[-_MAX_TRACE:].decode("utf-8", "replace")
            raise LostAloneError(f"{_ended(process.returncode)}\n{written}".strip())


def _ended(code: int) -> str:
    if code >= 0:
        return f"its process ended with code {code}"
    if -code == signal.SIGABRT:
        return "its process stalled"
    return f"its process was ended by signal {-code}"
