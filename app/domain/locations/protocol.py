"""Versions of the protocol between agents at locations and the server.

A field that is added needs no new version: both ends ignore what they do not know. A new version
is for what an older end would misunderstand; each release speaks its own and the one before, so
that server and agents may be upgraded in any order.
"""

from collections.abc import Iterable

VERSIONS = (1,)  # spoken by this release, the oldest first


def agreed(theirs: Iterable[int]) -> int | None:
    """Return the newest version that both ends speak; None where there is none."""
    return max(set(VERSIONS).intersection(theirs), default=None)
