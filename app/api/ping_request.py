"""Parser of the address of a ping: which heartbeat, what happened, which run."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from uuid import NAMESPACE_URL, UUID, uuid5

from app.domain.heartbeats.push_formats import (
    PATHS,
    kind_of_exit_status,
    kind_of_query,
    note_of_query,
)
from app.domain.heartbeats.states import PingKind
from app.operations.heartbeats.pings import MAX_KEPT_BODY_BYTES, IncomingPing
from app.platform.clock import monotonic

_KEY = re.compile(r"[!-~]{1,200}", re.ASCII)
_RUN_ID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_MAX_USER_AGENT = 200


@dataclass(frozen=True, slots=True)
class PingRequest:
    """A ping as its address has it."""

    key: str
    kind: PingKind
    exit_status: int | None = None
    run_id: UUID | None = None
    note: str = ""  # what the query brings in place of a body


class PingParseError(Enum):
    """Reason why an address is no ping's."""

    ACTION = "no such action: use start, fail, log or an exit status; nothing was stored"


def parse_ping(
    key: str, action: str | None, query: Mapping[str, str]
) -> PingRequest | PingParseError:
    """Return what a ping is, or why it is none.

    The path counts before the query, but a job that has "finished" may say there that it failed.
    """
    kind, exit_status = PingKind.SUCCESS, None
    if action is None and query:
        kind, exit_status = kind_of_query(query)
    elif action is not None:
        if action in PATHS:
            kind = PATHS[action]
            if kind is PingKind.SUCCESS and query:
                said, status = kind_of_query(query)
                kind, exit_status = (said, status) if said is PingKind.FAIL else (kind, None)
        else:
            ended = kind_of_exit_status(action)
            if ended is None:
                return PingParseError.ACTION
            kind, exit_status = ended
    # What cannot be a key is looked up as the empty one, which nobody has.
    return PingRequest(
        key if _KEY.fullmatch(key) else "",
        kind,
        exit_status,
        _run_id(query.get("rid", "")),
        note_of_query(query) if query else "",
    )


def _run_id(written: str) -> UUID | None:
    """Return the id of a run; for a text that is no UUID one made from it, None without a text.

    A ping is not refused for it: 7 pairs a start with its end as well as a UUID does, and a job
    whose variable was empty has run all the same.
    """
    if not written:
        return None
    return UUID(written) if _RUN_ID.fullmatch(written) else uuid5(NAMESPACE_URL, f"rid:{written}")


def incoming_ping(
    ping: PingRequest, body: bytes, address: str | None, user_agent: str
) -> IncomingPing:
    """Return the ping for the batcher, dated now; a body is cut, and an agent made fit to show."""
    return IncomingPing(
        key=ping.key,
        kind=ping.kind,
        came=monotonic(),
        exit_status=ping.exit_status,
        run_id=ping.run_id,
        body=(body or ping.note.encode("utf-8", "replace"))[:MAX_KEPT_BODY_BYTES],
        remote_addr=address,
        user_agent=_UNPRINTABLE.sub(" ", user_agent[:_MAX_USER_AGENT]) or None,
    )
