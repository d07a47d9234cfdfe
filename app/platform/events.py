"""The only door to pub/sub: numbered live events of an organization, and a short memory of them.

Every event gets a sequence number that only grows, also after Redis was emptied: the counter
starts from Redis' clock. The last events are kept, so that a client can resume where it was.
Results of checks, by far the most of all events, are published only while somebody listens.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from redis import Redis, RedisError
from redis.exceptions import NoScriptError

from app.platform.clock import monotonic, utcnow

log = logging.getLogger(__name__)

CHANNEL_PREFIX = "feed:"
ACCESS_CHANNEL = f"{CHANNEL_PREFIX}access"  # carries ids of people and organizations
KEPT_EVENTS = 1000
_KEPT_SECONDS = 3600
_AT_ONCE = 100  # events for one call of the script, whose interpreter keeps what it once needed
CHECK_RESULT = "check_result"
_LISTENING_SECONDS = 90  # after a client was last seen: it may come back and resume
_ASK_AGAIN_SECONDS = 1.0

# KEYS: counter, list of kept events, channel. ARGV: how many to keep, for how long, the events
# without their opening `{`, a hundred at most. One round trip for a whole batch.
_PUBLISH = """
if redis.call('EXISTS', KEYS[1]) == 0 then
  local now = redis.call('TIME')
  redis.call('SET', KEYS[1], string.format('%.0f', now[1] * 10000 + math.floor(now[2] / 100)))
end
local seq = redis.call('INCRBY', KEYS[1], #ARGV - 2) - (#ARGV - 2)
local frames = {}
for i = 3, #ARGV do
  seq = seq + 1
  frames[#frames + 1] = '{"seq":' .. string.format('%.0f', seq) .. ',' .. ARGV[i]
end
redis.call('RPUSH', KEYS[2], unpack(frames))
redis.call('LTRIM', KEYS[2], -ARGV[1], -1)
redis.call('EXPIRE', KEYS[2], ARGV[2])
redis.call('PUBLISH', KEYS[3], table.concat(frames, '\\n'))
return seq
"""


@dataclass(frozen=True, slots=True)
class Event:
    """A line on the live feed of one organization."""

    organization_id: UUID
    type: str
    data: dict[str, Any]
    at: datetime = field(default_factory=utcnow)


def timestamp(at: datetime) -> str:
    """Return an aware time as RFC 3339 in UTC with `Z`."""
    return at.isoformat().replace("+00:00", "Z")


def listen(redis: Redis, organization_ids: Sequence[UUID]) -> list[bool]:
    """Say that somebody listens, for a minute and a half; return of which that was known.

    Where it was not, results of checks may be missing among the kept events. Raises redis errors.
    """
    keys = list(map(_listening_key, organization_ids))
    if not keys:
        return []
    known = redis.mget(keys)
    pipeline = redis.pipeline(transaction=False)
    for key in keys:
        pipeline.set(key, 1, ex=_LISTENING_SECONDS)
    pipeline.execute()
    return [value is not None for value in known]


class Feed:
    """Feed of events: published, and the kept ones read.

    `on_change` gets the organizations of which something other than results of checks is published,
    before anybody hears of it.
    """

    def __init__(self, redis: Redis, on_change: Callable[..., None] | None = None) -> None:
        self.redis = redis
        self._on_change = on_change
        self._script_sha = ""
        self._listened: dict[UUID, tuple[float, bool]] = {}  # until when that holds, and what

    def publish(self, events: Sequence[Event]) -> None:
        """Publish events in their order; a live feed that is away is logged, never an error."""
        by_organization: dict[UUID, list[bytes]] = defaultdict(list)
        listened = self._listened_to({one.organization_id for one in events if _is_result(one)})
        for event in events:
            if _is_result(event) and event.organization_id not in listened:
                continue
            frame = orjson.dumps(
                {"type": event.type, "at": event.at, "data": event.data}, str, orjson.OPT_UTC_Z
            )
            by_organization[event.organization_id].append(frame[1:])
        if not by_organization:
            return
        changed = {one.organization_id for one in events if not _is_result(one)}
        if self._on_change is not None and changed:
            self._on_change(*changed)
        try:
            try:
                self._publish(by_organization)
            except NoScriptError:
                self._script_sha = str(self.redis.script_load(_PUBLISH))
                self._publish(by_organization)
        except RedisError as error:
            log.warning(
                "live feed: Redis is away", extra={"lost_events": len(events), "why": str(error)}
            )

    def _publish(self, by_organization: Mapping[UUID, Sequence[bytes]]) -> None:
        # Not by the library's scripts: those ask first whether the script is there, every time.
        pipeline = self.redis.pipeline(transaction=False)
        for organization_id, frames in by_organization.items():
            keys = _keys(organization_id)
            for first in range(0, len(frames), _AT_ONCE):
                pipeline.evalsha(
                    self._script_sha,
                    len(keys),
                    *keys,
                    KEPT_EVENTS,
                    _KEPT_SECONDS,
                    *frames[first : first + _AT_ONCE],
                )
        pipeline.execute()

    def _listened_to(self, organization_ids: Collection[UUID]) -> set[UUID]:
        """Return the organizations somebody listens to, as it was at most a second ago."""
        now = monotonic()
        asked = [id for id in organization_ids if self._listened.get(id, (0.0, False))[0] <= now]
        if asked:
            try:
                found = self.redis.mget([_listening_key(id) for id in asked])
            except RedisError:
                found = [None] * len(asked)  # whoever listens hears nothing now in any case
            until = now + _ASK_AGAIN_SECONDS
            for id, value in zip(asked, found, strict=True):
                self._listened[id] = (until, value is not None)
        return {id for id in organization_ids if self._listened[id][1]}

    def access_changed(self, id: UUID) -> None:
        """Have whoever serves the live connections of a person, or of an organization, ask anew
        whether they may stay. It may be lost: all are asked from time to time."""
        try:
            self.redis.publish(ACCESS_CHANNEL, str(id))
        except RedisError as error:
            log.warning("live feed: Redis is away", extra={"why": str(error)})

    def position(self, organization_id: UUID) -> int:
        """Return the sequence number of the last event, 0 when there was none."""
        return int(self.redis.get(_keys(organization_id)[0]) or 0)

    def kept(self, organization_id: UUID) -> list[str]:
        """Return the kept frames of an organization, oldest first."""
        frames = self.redis.lrange(_keys(organization_id)[1], 0, -1)
        return [frame.decode() if isinstance(frame, bytes) else frame for frame in frames]


def _keys(organization_id: UUID) -> list[str]:
    # The braces are a hash tag: a cluster keeps all keys of an organization in one place.
    tag = f"{{{organization_id}}}"
    return [f"feed-seq:{tag}", f"feed-kept:{tag}", channel(organization_id)]


def _listening_key(organization_id: UUID) -> str:
    return f"feed-listening:{{{organization_id}}}"


def _is_result(event: Event) -> bool:
    return event.type == CHECK_RESULT


def channel(organization_id: UUID) -> str:
    """Return the pub/sub channel of an organization."""
    return f"{CHANNEL_PREFIX}{{{organization_id}}}"
