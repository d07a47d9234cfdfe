"""Quarantine of work that ends, stalls or fails the process that does it.

A process that ends has one job in hand, but up to a thousand checks or messages, of which one at
most is to blame. A lost job is done alone next time, in a process of its own; a check or message
that was lost twice in a row likewise, because few of a thousand are. What was lost three times is
set aside for an hour, the operators hear of it with the trace, and everything else goes on.
"""

import logging
import traceback
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from app.platform.transaction import DATABASE_AWAY, Transaction, transaction

log = logging.getLogger(__name__)
Key = TypeVar("Key", str, UUID)

ALONE_AFTER = 2
SET_ASIDE_AFTER = 3
REST_SECONDS = 3600
_SHORT_REST_SECONDS = 60  # of what only fails: nobody else is hurt by a try, and a page may wait
MAX_TRACE = 4000


class WorkKind(StrEnum):
    """Kind of a piece of work."""

    MESSAGE = "message"
    CHECK = "check"
    HEARTBEAT = "heartbeat"
    ESCALATION = "escalation"
    REMINDER = "reminder"
    SUPPRESSION = "suppression"
    MAINTENANCE = "maintenance"


_LOST = """
INSERT INTO quarantine (kind, key, losses) SELECT %(kind)s, unnest(%(keys)s::text[]), 1
ON CONFLICT (kind, key) DO UPDATE SET losses = quarantine.losses + 1, updated_at = now()
RETURNING key, losses
"""
_SET_ASIDE = """
INSERT INTO quarantine (kind, key, losses, trace, set_aside_at)
VALUES (%(kind)s, %(key)s, 1, %(trace)s, CASE WHEN %(most)s <= 1 THEN now() END)
ON CONFLICT (kind, key) DO UPDATE SET losses = quarantine.losses + 1, updated_at = now(),
    trace = excluded.trace,
    set_aside_at = CASE WHEN quarantine.losses + 1 >= %(most)s THEN now() END
RETURNING set_aside_at IS NOT NULL
"""
_RESTING = """
SELECT key, set_aside_at > now() - %s * interval '1 second' FROM quarantine
WHERE kind = %s AND set_aside_at IS NOT NULL
"""


def note_lost(tx: Transaction, kind: WorkKind, keys: Iterable[str]) -> dict[str, int]:
    """Count that work was lost with its process; return how often in a row each has been."""
    listed = list(keys)
    if not listed:
        return {}
    rows = tx.driver.execute(_LOST, {"kind": kind, "keys": listed}).fetchall()
    return dict(rows)


def count_failure(kind: WorkKind, key: str, trace: str) -> bool:
    """Count that work failed, or ended the process of its own; say whether it is now set aside."""
    values = {"kind": kind, "key": key, "trace": trace[-MAX_TRACE:], "most": SET_ASIDE_AFTER}
    with transaction() as tx:
        is_aside = bool(tx.scalar(_SET_ASIDE, values))
    if is_aside:
        log.error("set aside", extra={"kind": str(kind), "key": key, "why": trace[-MAX_TRACE:]})
    return is_aside


def clear(kind: WorkKind, keys: Iterable[str]) -> None:
    """Forget what was held against work that has gone well."""
    listed = list(keys)
    if listed:
        with transaction() as tx:
            tx.driver.execute(
                "DELETE FROM quarantine WHERE kind = %s AND key = ANY(%s)", (kind, listed)
            )


def set_aside(kind: WorkKind) -> dict[str, bool]:
    """Return the keys that were set aside: True while they rest, False once to be tried alone."""
    with transaction() as tx:
        return dict(_set_aside(tx, kind))


def resting(tx: Transaction, kind: WorkKind) -> list[UUID]:
    """Return the ids that are set aside at the moment, for a query to leave out."""
    return [UUID(key) for key, rests in _set_aside(tx, kind) if rests]


def _set_aside(tx: Transaction, kind: WorkKind) -> list[tuple[str, bool]]:
    rest = REST_SECONDS if kind in (WorkKind.MESSAGE, WorkKind.CHECK) else _SHORT_REST_SECONDS
    return tx.driver.execute(_RESTING, (rest, kind)).fetchall()


def each_apart(
    kind: WorkKind, ids: Sequence[UUID], handle: Callable[[Sequence[UUID]], object]
) -> int:
    """Handle ids together, or one by one where that fails; return how many went well.

    `handle` is one transaction. One that fails by itself is logged and counted, and holds up no
    other one; after three failures it is set aside. Raises DATABASE_AWAY errors.
    """
    if not ids:
        return 0
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
    handled = []
    for each in ids:
        try:
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
    with transaction() as tx:
        rows = tx.driver.execute(
            "SELECT kind, key, set_aside_at, trace FROM quarantine"
            " WHERE set_aside_at IS NOT NULL ORDER BY set_aside_at LIMIT 10"
        ).fetchall()
    return (
        "\n".join(
            f"{kind} {key} failed again and again and is set aside since {at:%Y-%m-%d %H:%M:%S} UTC"
            f" (it is tried again later, by itself): {(trace or '')[-600:]}"
            for kind, key, at, trace in rows
        )
        or None
    )
