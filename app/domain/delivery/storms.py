"""Storm control: many alerts at once become one digest a channel instead of a message each."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.domain.messages.events import SEVERITIES, rank

ALERTS_A_MINUTE = 10  # more than these of one organization are a storm
WINDOW = timedelta(minutes=1)
CALM_AFTER = timedelta(minutes=5)  # without a storm's worth of alerts it is over
TOLD_EVERY = timedelta(minutes=1)  # in a storm, each channel
COMPANY = timedelta(seconds=2)  # so long the first message waits for those that fall with it
NAMED_IN_DIGEST = 20


@dataclass(frozen=True, slots=True)
class Storm:
    """A stretch of time with too many alerts, or changes of status, a minute."""

    began_at: datetime
    last_excess_at: datetime

    def is_on(self, now: datetime) -> bool:
        """Say whether it goes on."""
        return now < self.last_excess_at + CALM_AFTER


@dataclass(frozen=True, slots=True)
class Pending:
    """A message to a channel, about an alert or a status, that has not been sent yet."""

    id: UUID  # of the message
    subject_id: UUID  # of the alert, or of the service whose status has changed
    severity: str
    service_name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Digest:
    """One message in place of many, for one channel."""

    replaces: tuple[UUID, ...]  # messages, oldest first; it goes out under the first one's id
    subject_ids: tuple[UUID, ...]  # the worst first
    severity: str  # the worst of them
    counts: tuple[tuple[str, int], ...]  # alerts by severity, the worst first
    named: tuple[str, ...]  # services, the worst first
    unnamed: int  # services left out of `named`


@dataclass(frozen=True, slots=True)
class StormEvaluation:
    """Messages that a channel is sent now, and when the rest is due."""

    single: tuple[Pending, ...] = ()
    digest: Digest | None = None
    wait_until: datetime | None = None


def latest(moments: Iterable[datetime]) -> Storm | None:
    """Return the latest storm among the times at which something fired; None without one."""
    times = sorted(moments)
    excess = [
        later
        for earlier, later in zip(times, times[ALERTS_A_MINUTE:], strict=False)
        if later - earlier < WINDOW
    ]
    if not excess:
        return None
    began_at = excess[-1]
    for moment in reversed(excess):
        if began_at - moment >= CALM_AFTER:
            break
        began_at = moment
    return Storm(began_at, excess[-1])


def evaluate(
    storm: Storm | None, pending: Sequence[Pending], last_told_at: datetime | None, now: datetime
) -> StormEvaluation:
    """Return what becomes of the messages that wait for one channel.

    Outside a storm each goes out by itself. In a storm the channel is told once a minute, by a
    digest where more than one waits. `last_told_at` is when that was last, None before the first
    time.
    """
    if storm is None or not storm.is_on(now):
        return StormEvaluation(tuple(pending))
    due_at = min(message.created_at for message in pending) + COMPANY
    if last_told_at is not None:
        due_at = max(due_at, last_told_at + TOLD_EVERY)
    if now < due_at:
        return StormEvaluation(wait_until=due_at)
    return (
        StormEvaluation(tuple(pending))
        if len(pending) == 1
        else StormEvaluation(digest=_digest(pending))
    )


def _digest(messages: Sequence[Pending]) -> Digest:
    worst_first = sorted(messages, key=lambda m: (rank(m.severity), m.created_at))
    alerts = {message.subject_id: message.severity for message in worst_first[::-1]}
    counts = Counter(alerts.values())
    services = list(dict.fromkeys(message.service_name for message in worst_first))
    return Digest(
        replaces=tuple(m.id for m in sorted(messages, key=lambda m: m.created_at)),
        subject_ids=tuple(dict.fromkeys(message.subject_id for message in worst_first)),
        severity=worst_first[0].severity,
        counts=tuple((severity, counts[severity]) for severity in SEVERITIES if counts[severity]),
        named=tuple(services[:NAMED_IN_DIGEST]),
        unnamed=max(len(services) - NAMED_IN_DIGEST, 0),
    )
