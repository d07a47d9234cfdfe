"""`make run`: embedded PostgreSQL and Valkey, and a supervisor for every process of the product."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python must hear a sentence, not a traceback
    raise SystemExit(
        "AlertifyPro needs Python 3.11 or newer; this is Python {}.{}.".format(
            *sys.version_info[:2]
        )
    )


class LaunchError(Exception):
    """Error that stops the start, explained in one sentence."""
