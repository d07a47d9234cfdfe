"""Storm control: many alerts at once become one digest a channel instead of a message each."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.domain.notification_events import SEVERITIES, rank

ALERTS_A_MINUTE = 10  # more than these of one organization are a storm
WINDOW = timedelta(minutes=1)
CALM_AFTER = timedelta(minutes=5)  # without a storm's worth of alerts it is over
DIGEST_EVERY = timedelta(minutes=1)
NAMED_IN_DIGEST = 20


@dataclass(frozen=True, slots=True)
class StormState:
    """What is remembered of an organization's storms."""

    last_excess_at: datetime | None = None  # when there were last too many alerts in a minute

    def is_on(self, now: datetime) -> bool:
        """Say whether a storm is on."""
        return self.last_excess_at is not None and now < self.last_excess_at + CALM_AFTER


@dataclass(frozen=True, slots=True)
class Pending:
    """A message about an alert, or about a colour, that has not been sent yet."""

    id: UUID  # of the message
    subject_id: UUID  # of the alert, or of the service whose colour has changed
    channel_id: UUID
    severity: str
    service_name: str
    created_at: datetime
    is_escalation: bool = False  # addressed to somebody: never folded away


@dataclass(frozen=True, slots=True)
class Digest:
    """One message in place of many, for one channel."""

    channel_id: UUID
    replaces: tuple[UUID, ...]  # messages, oldest first; it goes out under the first one's id
    subject_ids: tuple[UUID, ...]  # the worst first
    severity: str  # the worst of them
    counts: tuple[tuple[str, int], ...]  # alerts by severity, the worst first
    named: tuple[str, ...]  # services, the worst first
    unnamed: int  # services left out of `named`


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send now: single messages, digests, and when to look at the rest again."""

    single: tuple[Pending, ...]
    digests: tuple[Digest, ...]
    wait_until: datetime | None = None


def observe(state: StormState, fired_at: Iterable[datetime], now: datetime) -> StormState:
    """Return the state after looking at when an organization's recent alerts fired."""
    recent = sum(1 for moment in fired_at if now - WINDOW < moment <= now)
    return StormState(now) if recent > ALERTS_A_MINUTE else state


def plan(
    state: StormState,
    pending: Sequence[Pending],
    last_digest_at: datetime | None,
    now: datetime,
) -> Plan:
    """Return what becomes of an organization's waiting messages.

    Outside a storm each goes out by itself. In a storm every channel gets one digest a minute; a
    channel for which only one alert waits gets that one, and whoever is paged by an escalation
    policy gets each page.
    """
    if not state.is_on(now):
        return Plan(tuple(pending), ())
    single = [message for message in pending if message.is_escalation]
    folded = [message for message in pending if not message.is_escalation]
    if last_digest_at is not None and now < last_digest_at + DIGEST_EVERY:
        return Plan(tuple(single), (), last_digest_at + DIGEST_EVERY if folded else None)
    digests = []
    for channel_id in dict.fromkeys(message.channel_id for message in folded):
        messages = [message for message in folded if message.channel_id == channel_id]
        if len(messages) == 1:
            single += messages
        else:
            digests.append(_digest(channel_id, messages))
    return Plan(tuple(single), tuple(digests))


def _digest(channel_id: UUID, messages: Sequence[Pending]) -> Digest:
    worst_first = sorted(messages, key=lambda m: (rank(m.severity), m.created_at))
    alerts = {message.subject_id: message.severity for message in worst_first[::-1]}
    counts = Counter(alerts.values())
    services = list(dict.fromkeys(message.service_name for message in worst_first))
    return Digest(
        channel_id,
        replaces=tuple(m.id for m in sorted(messages, key=lambda m: m.created_at)),
        subject_ids=tuple(dict.fromkeys(message.subject_id for message in worst_first)),
        severity=worst_first[0].severity,
        counts=tuple((severity, counts[severity]) for severity in SEVERITIES if counts[severity]),
        named=tuple(services[:NAMED_IN_DIGEST]),
        unnamed=max(len(services) - NAMED_IN_DIGEST, 0),
    )
