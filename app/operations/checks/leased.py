"""Rows of checks under a lease: found by their place, and by their key if they have moved.

By its key a row is found only past all its earlier versions, which are many while a long snapshot
(a `pg_dump`) keeps the database from cleaning up. Its place (`ctid`) is that of one version: it
holds until anything else changes the row, which is rare under a lease. The token fences either way.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

_BY_PLACE = "e.ctid = v.place"
_BY_KEY = "e.service_id = v.service_id AND e.region = v.region"


class _Leased(Protocol):
    @property
    def lease_token(self) -> int: ...
    @property
    def place(self) -> str | None: ...


Check = TypeVar("Check", bound=_Leased)


def still_leased(
    checks: Sequence[Check], find: Callable[[str, list[Check]], Iterable[int]]
) -> set[int]:
    """Return the lease tokens under which rows are found.

    `find` runs a statement on entries `e` for checks `v` joined by a condition of ours, which also
    compares the tokens, and returns those it has found.
    """
    placed = [check for check in checks if check.place is not None]
    found = set(find(_BY_PLACE, placed)) if placed else set()
    rest = [check for check in checks if check.lease_token not in found]
    return found.union(find(_BY_KEY, rest)) if rest else found
