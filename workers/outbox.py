"""Results of an agent on their way to the server: kept, packed, until it has stored them."""

import gzip
import logging
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.network.server_client import ServerAway, ServerClient, ServerRefused
from app.operations.recorded_check import RecordedCheck
from app.operations.remote import wire
from app.platform.clock import monotonic
from app.platform.events import timestamp
from workers.autonomy import ALONE

log = logging.getLogger(__name__)

KEPT_SECONDS = 3600.0
KEPT_BYTES = 64 * 1024 * 1024  # packed: more than an hour of 500 results a second
MOST_RESULTS = 500
_MOST_BYTES = 900_000  # of one delivery, unpacked; the server takes 1 MiB
_AGAIN_SECONDS = 5.0  # for what came while its due time was somebody else's
_SECONDS = 15.0


@dataclass(slots=True)
class _Parcel:
    data: bytes
    count: int
    packed_at: float
    not_before: float = 0.0


class Outbox:
    """Parcels in the order of their results; delivering one twice changes nothing."""

    def __init__(self, client: ServerClient) -> None:
        self._client = client
        self._parcels: deque[_Parcel] = deque()
        self._delivering = threading.Lock()  # one thread at a time
        self._holding = threading.Lock()  # of the parcels, for a moment only
        self._bytes = 0

    def __len__(self) -> int:
        """Return how many results wait."""
        return sum(parcel.count for parcel in tuple(self._parcels))

    def add(self, results: Sequence[dict[str, Any]]) -> None:
        """Keep results until they are delivered, or too old."""
        if not results:
            return
        written = orjson.dumps({"results": results})
        if len(results) > 1 and (len(written) > _MOST_BYTES or len(results) > MOST_RESULTS):
            middle = len(results) // 2
            self.add(results[:middle])
            self.add(results[middle:])
            return
        if len(written) > _MOST_BYTES:
            written = orjson.dumps({"results": [{**results[0], "evidence": None}]})
        self._put(_Parcel(gzip.compress(written, 1), len(results), monotonic()))
        self._drop_old()

    def clear(self) -> None:
        """Forget all results."""
        while self._take() is not None:
            pass

    def deliver(self) -> None:
        """Deliver all that waits and may go now. Raises ServerAway; what is left goes later."""
        with self._delivering:
            for _ in range(len(self._parcels)):
                parcel = self._take()
                if parcel is None:
                    return
                try:
                    if monotonic() >= parcel.not_before:
                        if not self._deliver(parcel):
                            continue
                        parcel.not_before = monotonic() + _AGAIN_SECONDS
                except ServerAway:
                    self._put(parcel, first=True)
                    raise
                self._put(parcel)

    def _take(self) -> _Parcel | None:
        with self._holding:
            if not self._parcels:
                return None
            parcel = self._parcels.popleft()
            self._bytes -= len(parcel.data)
            return parcel

    def _put(self, parcel: _Parcel, *, first: bool = False) -> None:
        with self._holding:
            (self._parcels.appendleft if first else self._parcels.append)(parcel)
            self._bytes += len(parcel.data)

    def _deliver(self, parcel: _Parcel) -> bool:
        """Deliver one parcel; say whether it is to be delivered again later."""
        if monotonic() - parcel.packed_at > KEPT_SECONDS:
            return False
        try:
            answer = self._client.post_packed("results", parcel.data, _SECONDS)
        except ServerRefused as error:
            if error.status in (401, 426):
                raise ServerAway(str(error)) from error
            # 404: all of them were deleted meanwhile. Delivering again would change nothing.
            log.warning("results were refused", extra={"why": str(error), "size": parcel.count})
            return False
        return bool(answer.get("too_early"))

    def _drop_old(self) -> None:
        dropped = 0
        while self._bytes > KEPT_BYTES and (parcel := self._take()) is not None:
            dropped += parcel.count
        if dropped:
            log.error("too many results wait; the oldest are lost", extra={"count": dropped})


def result_to_json(check: RecordedCheck) -> dict[str, Any]:
    """Return a finished check as it is delivered; without a lease it ran while nobody answered."""
    return {
        **wire.observation_to_json(check.observation),
        "service_id": str(check.service_id),
        "version": check.version,
        "lease_token": None if check.lease_token == ALONE else check.lease_token,
        "scheduled_for": timestamp(check.scheduled_for),
        "checked_at": timestamp(check.checked_at),
    }
