"""One Redis subscriber a process that fans out to many clients, each with a bounded queue.

Redis pub/sub delivers at most once and never waits; a client that cannot keep up loses its place
here, not in Redis, and comes back with `since_seq`.
"""

import json
import logging
import threading
from collections import defaultdict, deque
from collections.abc import Collection
from itertools import chain
from typing import Any
from uuid import UUID

from redis import Redis, RedisError

from app.platform.clock import monotonic
from app.platform.events import ACCESS_CHANNEL, CHANNEL_PREFIX, listen

log = logging.getLogger(__name__)

QUEUE_LIMIT = 256
_RECONNECT_SECONDS = 0.5
_POLL_SECONDS = 1.0
_SAY_AGAIN_SECONDS = 10.0


class Client:
    """One browser's place on the feed: what it wants, and what it has not been sent yet."""

    def __init__(self, organization_id: UUID, user_id: UUID | None = None) -> None:
        self.organization_id = organization_id
        self.user_id = user_id
        self.types: Collection[str] | None = None
        self.service_ids: Collection[str] | None = None
        self.check_results_of: Collection[str] | None = None
        self.is_overrun = False
        self.is_doubted = False  # whether its access may have ended since it was asked for last
        self.was_heard = False  # whether results of checks were published before it joined
        self.after_seq = 0  # what the client was sent before it began to listen
        self._frames: deque[str] = deque()
        self._arrived = threading.Event()

    def wants(self, frame: dict[str, Any]) -> bool:
        """Say whether a frame passes the client's own filters."""
        if self.check_results_of is not None and frame["type"] == "check_result":
            return frame["data"].get("service_id") in self.check_results_of
        if self.types is not None and frame["type"] not in self.types:
            return False
        service_id = frame["data"].get("service_id")
        return self.service_ids is None or service_id is None or service_id in self.service_ids

    def has_filters(self) -> bool:
        """Say whether frames must be looked into before they are sent."""
        filters = (self.types, self.service_ids, self.check_results_of)
        return any(filter is not None for filter in filters)

    def offer(self, frames: list[str]) -> None:
        """Queue frames in their order, or mark the client as overrun when it is too far behind."""
        if sequence_of(frames[0]) <= self.after_seq:
            frames = [frame for frame in frames if sequence_of(frame) > self.after_seq]
        if len(self._frames) + len(frames) > QUEUE_LIMIT:
            self.is_overrun = True
            self._frames.clear()
        if not self.is_overrun:
            self._frames.extend(frames)
        self._arrived.set()

    def send(self, frame: str) -> None:
        """Queue a frame that is for this client alone, within the same bound."""
        if len(self._frames) >= QUEUE_LIMIT:
            self.is_overrun = True
            self._frames.clear()
        if not self.is_overrun:
            self._frames.append(frame)
        self._arrived.set()

    def take(self, timeout_seconds: float) -> list[str]:
        """Wait for frames and return them; nothing after the timeout or when woken up."""
        self._arrived.wait(timeout_seconds)
        self._arrived.clear()
        frames = list(self._frames)
        for _ in frames:
            self._frames.popleft()
        return frames

    def wake(self) -> None:
        """End a wait at once."""
        self._arrived.set()


def sequence_of(frame: str) -> int:
    """Return a frame's sequence number; frames begin with `{"seq":<number>,`."""
    return int(frame[7 : frame.index(",")])


class Hub:
    """Every client of this process, by organization."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._clients: dict[UUID, set[Client]] = defaultdict(set)
        self._arriving: set[Client] = set()
        self._start = threading.Lock()
        self.admission = threading.Lock()  # held from counting to `reserve`
        self._thread: threading.Thread | None = None
        self._subscribed = threading.Event()
        self._closing = threading.Event()
        self._has_listened = False  # so that what was published since is lost to another start

    def close(self) -> None:
        """Stop listening within a second; clients that are still there hear nothing more."""
        self._closing.set()

    def reserve(self, client: Client) -> None:
        """Count a client from now on, before it joins: what was counted a moment ago holds also
        when many arrive at once."""
        self._arriving.add(client)

    def join(self, client: Client) -> None:
        """Add a client; from now on it is offered every event of its organization."""
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="feed-hub", daemon=True)
                self._thread.start()
        try:
            (client.was_heard,) = listen(self._redis, [client.organization_id])
        except RedisError:
            client.was_heard = False
        self._clients[client.organization_id].add(client)
        self._arriving.discard(client)
        self._subscribed.wait(2)

    def leave(self, client: Client) -> None:
        """Remove a client, also one that has not joined."""
        self._arriving.discard(client)
        members = self._clients[client.organization_id]
        members.discard(client)
        if not members:
            del self._clients[client.organization_id]

    def count(self, *, organization_id: UUID | None = None, user_id: UUID | None = None) -> int:
        """Return how many clients this process has or is about to have: all, or somebody's."""
        return sum(
            organization_id in (None, client.organization_id) and user_id in (None, client.user_id)
            for client in self._everybody()
        )

    def _everybody(self) -> list[Client]:
        return [*self._arriving, *chain.from_iterable(list(self._clients.values()))]

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._listen()
            except RedisError as error:
                self._subscribed.clear()
                log.warning("live feed: Redis is away", extra={"why": str(error)})
                self._closing.wait(_RECONNECT_SECONDS)

    def _listen(self) -> None:
        with self._redis.pubsub() as subscriber:  # type: ignore[no-untyped-call]
            subscriber.psubscribe(f"{CHANNEL_PREFIX}*")
            say_again_at = 0.0
            while not self._closing.is_set():
                if monotonic() >= say_again_at:
                    say_again_at = monotonic() + _SAY_AGAIN_SECONDS
                    listen(self._redis, list(self._clients))
                message = subscriber.get_message(timeout=_POLL_SECONDS)
                if message is None:
                    continue
                if message["type"] == "psubscribe":
                    if self._has_listened:  # the driver connects again by itself, without a word
                        self._drop_all()
                    self._has_listened = True
                    self._subscribed.set()
                elif message["type"] == "pmessage":
                    channel, data = message["channel"].decode(), message["data"].decode()
                    if channel == ACCESS_CHANNEL:
                        self._doubt(UUID(data))
                    else:
                        self._fan_out(channel, data)

    def _drop_all(self) -> None:
        """Let every client come back with `since_seq`: what it was not sent, nobody knows."""
        for client in list(chain.from_iterable(list(self._clients.values()))):
            client.is_overrun = True
            client.wake()

    def _doubt(self, id: UUID) -> None:
        """Have the clients of a person, or of an organization, show anew that they may stay."""
        for client in self._everybody():
            if id in (client.user_id, client.organization_id):
                client.is_doubted = True
                client.wake()

    def _fan_out(self, channel: str, payload: str) -> None:
        clients = self._clients.get(UUID(channel.removeprefix(CHANNEL_PREFIX)))
        if not clients:
            return
        frames = payload.split("\n")
        parsed: list[dict[str, Any]] | None = None
        for client in list(clients):
            if not client.has_filters():
                client.offer(frames)
                continue
            if parsed is None:
                parsed = [json.loads(frame) for frame in frames]
            wanted = [
                frame
                for frame, content in zip(frames, parsed, strict=True)
                if client.wants(content)
            ]
            if wanted:
                client.offer(wanted)
