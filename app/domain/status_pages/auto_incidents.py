"""Incidents that alerts open by themselves: which belong together, and when one is over."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CriticalAlert:
    """A critical alert that is not resolved, and the alert that is its root cause (else itself)."""

    alert_id: UUID
    root_id: UUID
    service_id: UUID
    fired_at: datetime


@dataclass(frozen=True, slots=True)
class KnownIncident:
    """An automatic incident that is open."""

    id: UUID
    alert_ids: frozenset[UUID]
    service_ids: frozenset[UUID]
    recovered_at: datetime | None


class IncidentStep(StrEnum):
    """Step of an incident."""

    OPEN = "open"
    JOIN = "join"  # more is hit, or it is hit again
    RECOVER = "recover"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class Action:
    """One step, of which incident (None: a new one), with what stands behind it."""

    step: IncidentStep
    incident_id: UUID | None
    alert_ids: frozenset[UUID] = field(default_factory=frozenset)
    service_ids: frozenset[UUID] = field(default_factory=frozenset)


def next_actions(
    open_alerts: Sequence[CriticalAlert],
    known: Sequence[KnownIncident],
    shown: Collection[UUID],
    now: datetime,
    *,
    after: timedelta,
    resolve_after: timedelta,
) -> list[Action]:
    """Return what to do about the incidents of a page.

    Alerts of one root cause are one incident, of the services that the page shows; whoever is hit
    again while an incident of theirs is open joins it, so that flapping makes one incident. It
    recovers when no alert of its services stands, and is resolved when that has lasted.
    """
    actions = []
    claimed: set[UUID] = set()
    for group in _groups(open_alerts).values():
        hit = frozenset(one.service_id for one in group if one.service_id in shown)
        alerts = frozenset(one.alert_id for one in group)
        if not hit:
            continue
        owner = next((i for i in known if alerts & i.alert_ids or hit & i.service_ids), None)
        if owner is not None:
            claimed.add(owner.id)
            is_news = not (alerts <= owner.alert_ids and hit <= owner.service_ids)
            if is_news or owner.recovered_at is not None:
                actions.append(Action(IncidentStep.JOIN, owner.id, alerts, hit))
        elif min(one.fired_at for one in group) <= now - after:
            actions.append(Action(IncidentStep.OPEN, None, alerts, hit))
    for incident in known:
        if incident.id in claimed:
            continue
        if incident.recovered_at is None:
            actions.append(Action(IncidentStep.RECOVER, incident.id))
        elif incident.recovered_at <= now - resolve_after:
            actions.append(Action(IncidentStep.RESOLVE, incident.id))
    return actions


def _groups(open_alerts: Sequence[CriticalAlert]) -> Mapping[UUID, list[CriticalAlert]]:
    result: dict[UUID, list[CriticalAlert]] = {}
    for one in open_alerts:
        result.setdefault(one.root_id, []).append(one)
    return result
