"""The process that compiles and renders templates: orders on standard input, answers on its output.

An order and an answer are JSON after their length, four bytes. The limits are the kernel's, so they
hold against one long operation in C: memory and files by `setrlimit`, and CPU by a timer for each
order whose signal ends the process.
"""

import json
import resource
import signal
import struct
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[2]))

from app.domain.messages.templates import validate_template, words_of

MEMORY_BYTES = 256 * 1024 * 1024
CPU_SECONDS = 0.5  # a usual template takes a thousandth of it
LENGTH = struct.Struct("!I")


def main() -> None:
    """Answer orders until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while header := source.read(LENGTH.size):
        order = json.loads(source.read(LENGTH.unpack(header)[0]))
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        answer = json.dumps(execute(order)).encode()
        signal.setitimer(signal.ITIMER_PROF, 0)
        sink.write(LENGTH.pack(len(answer)) + answer)
        sink.flush()


def execute(order: dict[str, Any]) -> dict[str, Any]:
    """Return `{problems}` of a template that is to be validated, else `{words}` or `{error}`.

    Raises MemoryError: a process that ran out of memory once is not to be trusted again.
    """
    template, variables = order["template"], order["variables"]
    if order["validate"]:
        return {"problems": validate_template(template, variables)}
    try:
        return {"words": words_of(template, variables)}
    except MemoryError:
        raise
    except Exception as error:
        return {"error": str(error) or type(error).__name__}


if __name__ == "__main__":
    main()
