"""Quarantine of work that ends, stalls or fails the process that does it.

A process that ends leaves a journal of what it had in hand (`app/platform/work_journal.py`): that
is suspect, and done alone next time, in a process of its own. Of a host that is gone with its
journals only the leases that ran out are known, up to a thousand at once: what was lost so twice in
a row is done alone as well. What was lost three times is set aside for an hour, the operators hear
of it with the trace, and everything else goes on.
"""

import logging
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from app.domain.messages.text import both_ends
from app.platform import work_journal
from app.platform.transaction import DATABASE_AWAY, Transaction, single_statement, transaction

log = logging.getLogger(__name__)

ALONE_AFTER = 2  # leases that ran out, where no journal tells more
SET_ASIDE_AFTER = 3
REST_SECONDS = 3600
_SHORT_REST_SECONDS = 60  # of what only fails: nobody else is hurt by a try, and a page may wait
MAX_TRACE = 4000
_SHOWN_OF_TRACE = 1200


class WorkKind(StrEnum):
    """Kind of a piece of work."""

    MESSAGE = "message"
    CHECK = "check"
    HEARTBEAT = "heartbeat"
    ESCALATION = "escalation"
    REMINDER = "reminder"
    SUPPRESSION = "suppression"
    MAINTENANCE = "maintenance"


# Kinds that processes take under a lease, many at a time; the others are rows of periodic jobs.
_LEASED = frozenset((WorkKind.MESSAGE, WorkKind.CHECK))


class Loss(NamedTuple):
    """Losses in a row of a piece of work, and whether it is to be done alone."""

    losses: int = 0
    is_alone: bool = False


NEVER_LOST = Loss()

# The lease of a suspect runs out after its process: that is the same loss.
_LOST = """
INSERT INTO quarantine (kind, key, losses) SELECT %(kind)s, unnest(%(keys)s::text[]), 1
ON CONFLICT (kind, key) DO UPDATE SET updated_at = now(),
    losses = quarantine.losses + (NOT quarantine.is_suspect)::int
RETURNING key, losses, is_suspect OR losses >= %(alone_after)s
"""
_SUSPECT = """
INSERT INTO quarantine (kind, key, losses, is_suspect)
SELECT %(kind)s, unnest(%(keys)s::text[]), 1, true
ON CONFLICT (kind, key) DO UPDATE SET is_suspect = true, updated_at = now(),
    losses = quarantine.losses + 1
"""
_SET_ASIDE = """
INSERT INTO quarantine (kind, key, losses, trace, ends_process)
VALUES (%(kind)s, %(key)s, 1, %(trace)s, %(ends_process)s)
ON CONFLICT (kind, key) DO UPDATE SET losses = quarantine.losses + 1, updated_at = now(),
    trace = excluded.trace, ends_process = excluded.ends_process,
    set_aside_at = CASE WHEN quarantine.losses + 1 >= %(most)s THEN now() END
RETURNING set_aside_at IS NOT NULL
"""
_RESTING = """
SELECT key, coalesce(set_aside_at > now() - interval '1 second'
    * CASE WHEN ends_process THEN %(long)s ELSE %(rest)s END, false) FROM quarantine
WHERE kind = %(kind)s AND (set_aside_at IS NOT NULL OR is_suspect)
"""


def note_lost(tx: Transaction, kind: WorkKind, keys: Iterable[str]) -> dict[str, Loss]:
    """Count that leases ran out; return of each how often in a row, and if it is done alone."""
    listed = list(keys)
    if not listed:
        return {}
    values = {"kind": kind, "keys": listed, "alone_after": ALONE_AFTER}
    rows = tx.driver.execute(_LOST, values).fetchall()
    return {key: Loss(losses, is_alone) for key, losses, is_alone in rows}


def suspect(entries: Iterable[work_journal.InHand]) -> None:
    """Note what a process had in hand as it ended, by its journal: it is done alone next time."""
    keys: dict[WorkKind, set[str]] = defaultdict(set)
    for kind, key in entries:
        if kind in _LEASED:
            keys[WorkKind(kind)].add(key)
    with transaction() as tx:
        for kind, of_kind in keys.items():
            tx.driver.execute(_SUSPECT, {"kind": kind, "keys": sorted(of_kind)})
    for kind, of_kind in keys.items():
        log.warning(
            "a process ended with work in hand", extra={"kind": kind, "count": len(of_kind)}
        )


def count_failure(kind: WorkKind, key: str, trace: str, *, ends_process: bool = False) -> bool:
    """Count that work failed, or ended the process of its own; say whether it is now set aside."""
    values = {
        "kind": kind,
        "key": key,
        "trace": both_ends(trace, MAX_TRACE),
        "most": SET_ASIDE_AFTER,
        "ends_process": ends_process,
    }
    with transaction() as tx:
        is_aside = bool(tx.scalar(_SET_ASIDE, values))
    if is_aside:
        log.error(
            "set aside", extra={"kind": str(kind), "key": key, "why": both_ends(trace, MAX_TRACE)}
        )
    return is_aside


def clear(kind: WorkKind, keys: Iterable[str]) -> None:
    """Forget the losses and failures of work that has gone well."""
    listed = list(keys)
    if listed:
        with transaction() as tx:
            tx.driver.execute(
                "DELETE FROM quarantine WHERE kind = %s AND key = ANY(%s)", (kind, listed)
            )


def set_aside(kind: WorkKind) -> dict[str, bool]:
    """Return what is set aside or suspect, by key: True while it rests, False if it runs alone."""
    with transaction() as tx:
        return dict(_set_aside(tx, kind))


def resting(tx: Transaction, kind: WorkKind) -> list[UUID]:
    """Return the ids that are set aside at the moment, for a query to leave out."""
    return [UUID(key) for key, rests in _set_aside(tx, kind) if rests]


def _set_aside(tx: Transaction, kind: WorkKind) -> list[tuple[str, bool]]:
    rest = REST_SECONDS if kind in (WorkKind.MESSAGE, WorkKind.CHECK) else _SHORT_REST_SECONDS
    values = {"kind": kind, "rest": rest, "long": REST_SECONDS}
    return tx.driver.execute(_RESTING, values).fetchall()


def each_apart(
    kind: WorkKind, ids: Sequence[UUID], handle: Callable[[Sequence[UUID]], object]
) -> int:
    """Handle ids together, or one by one where that fails; return how many went well.

    `handle` is one transaction. One that fails by itself is logged and counted, and holds up no
    other one; after three failures it is set aside. Raises DATABASE_AWAY errors.
    """
    if not ids:
        return 0
    if work_journal.does_one_at_a_time():
        return _one_at_a_time(kind, ids, handle)
    try:
        handle(ids)
    except DATABASE_AWAY:
        raise
    except Exception:
        if len(ids) == 1:
            _fail(kind, ids[0])
            return 0
    else:
        if len(ids) == 1:
            clear(kind, [str(ids[0])])
        return len(ids)
    return _one_at_a_time(kind, ids, handle)


def _one_at_a_time(
    kind: WorkKind, ids: Sequence[UUID], handle: Callable[[Sequence[UUID]], object]
) -> int:
    handled = []
    for each in ids:
        try:
            with work_journal.in_hand(kind, [str(each)]):
                handle([each])
            handled.append(str(each))
        except DATABASE_AWAY:
            raise
        except Exception:
            _fail(kind, each)
    clear(kind, handled)
    return len(handled)


def _fail(kind: WorkKind, id: UUID) -> None:
    log.exception("one %s failed; the others go on", kind, extra={"key": str(id)})
    count_failure(kind, str(id), traceback.format_exc())


def problem() -> str | None:
    """Return what is set aside, for the operators; None when nothing is."""
    rows = single_statement(
        "SELECT kind, key, set_aside_at, trace FROM quarantine"
        " WHERE set_aside_at IS NOT NULL ORDER BY set_aside_at LIMIT 10"
    )
    return (
        "\n".join(
            f"{kind} {key} failed again and again and is set aside since {at:%Y-%m-%d %H:%M:%S} UTC"
            f" (it is tried again later, by itself): {both_ends(trace or '', _SHOWN_OF_TRACE)}"
            for kind, key, at, trace in rows
        )
        or None
    )
