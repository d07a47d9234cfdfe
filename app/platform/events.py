"""The only door to pub/sub: numbered live events of an organization, and a short memory of them.

Every event gets a sequence number that only grows, also after Redis was emptied: the counter
starts from Redis' clock. The last events are kept, so that a client can resume where it was.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from redis import Redis, RedisError

from app.platform.clock import utcnow

log = logging.getLogger(__name__)

CHANNEL_PREFIX = "feed:"
KEPT_EVENTS = 1000
_KEPT_SECONDS = 3600

# KEYS: counter, list of kept events, channel. ARGV: how many to keep, for how long, the events
# without their opening `{`. One round trip and one message for a whole batch.
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
for i = 1, #frames, 500 do
  redis.call('RPUSH', KEYS[2], unpack(frames, i, math.min(i + 499, #frames)))
end
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


class Feed:
    """Publishes events, and reads the kept ones."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self._publish = redis.register_script(_PUBLISH)

    def publish(self, events: Sequence[Event]) -> None:
        """Publish events in their order; a live feed that is away is logged, never an error."""
        by_organization: dict[UUID, list[bytes]] = defaultdict(list)
        for event in events:
            frame = orjson.dumps(
                {"type": event.type, "at": event.at, "data": event.data}, str, orjson.OPT_UTC_Z
            )
            by_organization[event.organization_id].append(frame[1:])
        try:
            pipeline = self.redis.pipeline(transaction=False)
            for organization_id, frames in by_organization.items():
                self._publish(
                    keys=_keys(organization_id),
                    args=[KEPT_EVENTS, _KEPT_SECONDS, *frames],
                    client=pipeline,
                )
            pipeline.execute()
        except RedisError as error:
            log.warning("live feed is away", extra={"lost_events": len(events), "why": str(error)})

    def position(self, organization_id: UUID) -> int:
        """Return the sequence number of the last event, 0 when there was none."""
        return int(self.redis.get(_keys(organization_id)[0]) or 0)

    def kept(self, organization_id: UUID) -> list[str]:
        """Return the kept frames of an organization, oldest first."""
        frames = self.redis.lrange(_keys(organization_id)[1], 0, -1)
        return [frame.decode() if isinstance(frame, bytes) else frame for frame in frames]


def _keys(organization_id: UUID) -> list[str]:
    return [f"feed-seq:{organization_id}", f"feed-kept:{organization_id}", channel(organization_id)]


def channel(organization_id: UUID) -> str:
    """Return the pub/sub channel of an organization."""
    return f"{CHANNEL_PREFIX}{organization_id}"
