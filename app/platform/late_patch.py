"""Patches of gevent after imports: what modules have taken before is replaced too.

gevent replaces what is in the modules of the standard library. A module that was imported before,
and has a function or class of them under a name of its own, keeps the one that blocks the process.
To look through all modules for them would write to each object (counts of references), which a
fork shares no longer then: so they stand here, and a test looks whether any is missing.
"""

import importlib
import sys

# Module, the name it has something under, and what that is now.
_TAKEN = (
    ("app.operations.metrics.folded", "Lock", "threading.Lock"),
    ("app.platform.counters", "Lock", "threading.Lock"),
    ("click.globals", "local", "threading.local"),
    ("jinja2.utils", "Lock", "threading.Lock"),
    ("jwt.jwks_client", "SSLContext", "ssl.SSLContext"),
    ("psycopg._acompat", "Lock", "threading.Lock"),
    ("psycopg._acompat", "Worker", "threading.Thread"),
    ("psycopg._copy", "Worker", "threading.Thread"),
    ("psycopg.connection", "Lock", "threading.Lock"),
    ("psycopg.types.json", "Lock", "threading.Lock"),
    ("redis.asyncio.connection", "SSLContext", "ssl.SSLContext"),
    ("redis.retry", "sleep", "time.sleep"),
    ("werkzeug.routing.map", "Lock", "threading.Lock"),
)
_CHOOSES = "psycopg.waiting"  # as it is imported, by whether gevent has patched


def rebind() -> None:
    """Let modules that are there have what gevent has put in place. For after its patches."""
    for name, attribute, present in _TAKEN:
        if name in sys.modules:
            module, _, original = present.partition(".")
            setattr(sys.modules[name], attribute, getattr(sys.modules[module], original))
    if _CHOOSES in sys.modules:
        importlib.reload(sys.modules[_CHOOSES])
