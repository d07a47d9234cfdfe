"""What was done to the product in a soak, and what it told."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

INTERVAL_SECONDS = 1
# What a kill may hide: the checks are back within the interval and five seconds.
SEEN_AFTER_SECONDS = INTERVAL_SECONDS + 5


@dataclass
class Outage:
    """A time in which a target failed."""

    service: str
    began_at: float
    ended_at: float  # infinity while it lasts


@dataclass
class Story:
    """What was done to the product, and what it told."""

    outages: list[Outage] = field(default_factory=list)
    kills: list[tuple[float, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    messages: int = 0
    duplicates: int = 0
    escalated: int = 0

    def __str__(self) -> str:
        kills = Counter(name for _, name in self.kills)
        return (
            f"{len(self.outages)} outages, {len(self.kills)} kills {dict(kills)},"
            f" {self.messages} messages, {self.duplicates} duplicates,"
            f" {self.escalated} escalated, {len(self.faults)} faults"
        )

    def failing_since(self, outage: Outage) -> float:
        """Return when a target began to fail, as any monitor can see it.

        A target that was well for less time than a kill may hide was never well: an alert of the
        outage before then goes on.
        """
        began_at = outage.began_at
        for earlier in sorted(self.outages, key=lambda one: one.began_at, reverse=True):
            if earlier.service != outage.service or earlier.began_at >= began_at:
                continue
            if earlier.ended_at + SEEN_AFTER_SECONDS < began_at:
                break
            began_at = earlier.began_at
        return began_at


@dataclass
class PeopleStory(Story):
    """A story in which people act as well."""

    deeds: Counter[str] = field(default_factory=Counter)
    pauses: dict[str, list[list[float]]] = field(default_factory=lambda: defaultdict(list))
    alerts: int = 0
    reached: int = 0
    deadlocks: int = 0  # that the database ended; who was ended has tried again

    def __str__(self) -> str:
        return (
            f"{len(self.outages)} outages, {len(self.kills)} kills, {dict(self.deeds)};"
            f" {self.alerts} alerts, {self.reached} of them reached somebody,"
            f" {self.messages} messages, {self.deadlocks} deadlocks, {len(self.faults)} faults"
        )
