"""End of a process that has done its work.

An interpreter takes everything apart that it has imported, which is half a million objects here. A
fork copies each page of memory for that, and all of it is given back at once by the kernel.
"""

import atexit
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """End this process with an exit code, after what is registered for its end.

    As `sys.exit` in the main thread (Py_FinalizeEx): threads that are no daemons are waited for,
    functions of `atexit` are called, and what was written is flushed.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, or there is none
            stream.flush()
    os._exit(code)
