"""What was done to the product in a soak, and what it told."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from statistics import fmean

from tests.waiting import crowding

INTERVAL_SECONDS = 1


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
    crowds: list[float] = field(default_factory=list)  # how many wanted each core, now and then

    def look_around(self) -> None:
        """Note how many processes want each core at this moment."""
        self.crowds.append(crowding())

    def stretched(self, seconds: float) -> float:
        """Return how long what takes so many seconds on a machine of its own took in the story."""
        return seconds * fmean(self.crowds or [1.0])

    @property
    def seen_after_seconds(self) -> float:
        """What a kill may hide: the checks are back within the interval and five seconds."""
        return INTERVAL_SECONDS + self.stretched(5)

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
            if earlier.ended_at + self.seen_after_seconds < began_at:
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
