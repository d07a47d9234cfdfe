"""Alerting snapshots of organizations, by version: rules, windows, events that channels want."""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select

from app.domain.maintenance import windows as maintenance_windows
from app.domain.maintenance.windows import MaintenanceWindow
from app.domain.messages.events import wanted
from app.domain.rules.conditions import parse
from app.domain.rules.evaluate import needs
from app.domain.rules.history import Needs
from app.domain.rules.transitions import RuleOptions
from app.domain.rules.types import Condition, ConditionError
from app.models.alert_rules import AlertRule
from app.models.maintenance_windows import MaintenanceWindow as StoredWindow
from app.models.notification_channels import NotificationChannel
from app.models.organization import Organization
from app.operations.snapshots.cache import CircularCache
from app.operations.snapshots.services import ServiceSnapshot
from app.platform.transaction import Transaction

log = logging.getLogger(__name__)

_REMEMBERED = 60_000  # services; the tuples of rules are mostly one and the same
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rule:
    """An enabled alert rule, its condition read once."""

    id: UUID
    version: datetime  # when it was last edited
    name: str
    severity: str
    service_id: UUID | None
    tags: frozenset[str]
    condition: Condition
    needs: Needs
    options: RuleOptions
    channel_ids: tuple[UUID, ...]
    policy_id: UUID | None
    reminder_minutes: int | None
    runbook_url: str | None

    def matches(self, snapshot: ServiceSnapshot) -> bool:
        """Say whether the rule watches a service."""
        if self.service_id is not None:
            return self.service_id == snapshot.service_id
        return not self.tags or not self.tags.isdisjoint(snapshot.tags)


@dataclass(slots=True)
class AlertingSnapshot:
    """The rules, windows and subscriptions of one organization at one version."""

    version: int
    rules: tuple[Rule, ...] = ()
    windows: tuple[MaintenanceWindow, ...] = ()
    events: frozenset[str] = frozenset()  # what any enabled channel hears of
    body_texts: frozenset[str] = frozenset()  # what any rule looks for in bodies
    # By service, with the version of the service that they were found for.
    _by_service: CircularCache[UUID, tuple[int, tuple[Rule, ...]]] = field(
        default_factory=partial(CircularCache, _REMEMBERED)
    )
    _with_texts: CircularCache[UUID, tuple[int, ServiceSnapshot]] = field(
        default_factory=partial(CircularCache, _REMEMBERED)
    )
    # The windows that are active, and from and until when that holds: a recurrence is not expanded
    # anew for every check. A clock that is set back may lead to before the beginning.
    _active: tuple[tuple[MaintenanceWindow, datetime], ...] = ()
    _active_during: tuple[datetime, datetime] | None = None

    def rules_for(self, snapshot: ServiceSnapshot) -> tuple[Rule, ...]:
        """Return the rules that watch a service, remembered by the version of the service."""
        if not self.rules:
            return ()
        known = self._by_service.get(snapshot.service_id)
        if known is not None and known[0] == snapshot.version:
            return known[1]
        result = tuple(rule for rule in self.rules if rule.matches(snapshot))
        self._by_service.put(snapshot.service_id, (snapshot.version, result))
        return result

    def with_texts(self, snapshot: ServiceSnapshot) -> ServiceSnapshot:
        """Return a service whose check looks for the texts that its rules ask bodies for."""
        if not self.body_texts:
            return snapshot
        known = self._with_texts.get(snapshot.service_id)
        if known is not None and known[0] == snapshot.version:
            return known[1]
        texts = frozenset().union(*(rule.needs.body_texts for rule in self.rules_for(snapshot)))
        result = snapshot
        if texts:
            result = replace(snapshot, target=replace(snapshot.target, body_texts=texts))
        self._with_texts.put(snapshot.service_id, (snapshot.version, result))
        return result

    def maintenance_until(
        self, service_id: UUID, tags: Collection[str], now: datetime
    ) -> datetime | None:
        """Return the end of the maintenance a service is in; None when it is in none."""
        if not self.windows:
            return None
        if self._active_during is None or not (
            self._active_during[0] <= now < self._active_during[1]
        ):
            self._expand_windows(now)
        ends = [
            ends_at
            for window, ends_at in self._active
            if maintenance_windows.covers(window, service_id, tags)
        ]
        return max(ends, default=None)

    def maintenance_at(
        self, service_id: UUID, tags: Collection[str], at: datetime
    ) -> datetime | None:
        """Return the end of the maintenance that a service was in at any time; None for none."""
        ends = [
            found.ends_at
            for window in self.windows
            if maintenance_windows.covers(window, service_id, tags)
            and (found := maintenance_windows.occurrence_at(window, at)) is not None
        ]
        return max(ends, default=None)

    def _expand_windows(self, now: datetime) -> None:
        current = [(w, maintenance_windows.occurrence_at(w, now)) for w in self.windows]
        self._active = tuple((w, found.ends_at) for w, found in current if found is not None)
        changes = [maintenance_windows.next_change_at(w, now) for w in self.windows]
        until = min(filter(None, changes), default=now + _A_DAY)
        self._active_during = (now, until)


_cache: dict[UUID, AlertingSnapshot] = {}


def alerting_snapshots(
    tx: Transaction, organization_ids: Iterable[UUID]
) -> dict[UUID, AlertingSnapshot]:
    """Return the alerting snapshots of organizations; one query while nothing has changed."""
    wanted = list(set(organization_ids))
    rows = tx.driver.execute(
        "SELECT id, alerting_version FROM organizations WHERE id = ANY(%s)", (wanted,)
    ).fetchall()
    return {id: alerting_snapshot(tx, id, version) for id, version in rows}


def alerting_snapshot(tx: Transaction, organization_id: UUID, version: int) -> AlertingSnapshot:
    """Return the alerting snapshot of an organization whose `alerting_version` was just read."""
    known = _cache.get(organization_id)
    if known is None or known.version != version:
        known = _cache[organization_id] = _read(tx, organization_id, version)
    return known  # another thread may put an older one into the cache now


def forget(organization_id: UUID) -> None:
    """Drop what is remembered of an organization, before a transaction that may have read its own
    changes is rolled back: another one will give the same version to other contents."""
    _cache.pop(organization_id, None)


def invalidate(organization: Organization) -> None:
    """Raise the version of a locked organization: every worker reads its rules, channels and
    windows anew."""
    organization.alerting_version += 1


def _read(tx: Transaction, organization_id: UUID, version: int) -> AlertingSnapshot:
    rules = tx.session.scalars(
        select(AlertRule)
        .where(AlertRule.organization_id == organization_id, AlertRule.is_enabled)
        .order_by(AlertRule.created_at, AlertRule.id)
    )
    windows = tx.session.scalars(
        select(StoredWindow).where(StoredWindow.organization_id == organization_id)
    )
    subscriptions = tx.session.scalars(
        select(NotificationChannel.events).where(
            NotificationChannel.organization_id == organization_id, NotificationChannel.is_enabled
        )
    )
    readable = tuple(rule for row in rules if (rule := _rule(row)) is not None)
    return AlertingSnapshot(
        version,
        readable,
        tuple(window for row in windows if (window := window_of(row)) is not None),
        frozenset().union(*(wanted(events) for events in subscriptions)),
        frozenset().union(*(rule.needs.body_texts for rule in readable)),
    )


def window_of(row: StoredWindow) -> MaintenanceWindow | None:
    """Return a stored window as the domain reads it; None, logged, for one that cannot be read."""
    try:
        return maintenance_windows.parse(
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            recurrence=row.recurrence,
            duration_minutes=row.duration_minutes,
            timezone=row.timezone,
            service_ids=row.service_ids,
            tags=row.tags,
            ended_at=row.ended_at,
            heartbeat_ids=row.heartbeat_ids,
            exdates=row.exdates,
        )
    except maintenance_windows.WindowError as error:
        log.error("a stored window cannot be read", extra={"window_id": str(row.id), "why": error})
        return None


def _rule(row: AlertRule) -> Rule | None:
    try:
        condition = parse(row.condition)
    except ConditionError as error:
        log.error("a stored rule cannot be read", extra={"rule_id": str(row.id), "why": str(error)})
        return None
    return Rule(
        id=row.id,
        version=row.updated_at,
        name=row.name,
        severity=row.severity,
        service_id=row.service_id,
        tags=frozenset(row.tags),
        condition=condition,
        needs=needs(condition),
        options=RuleOptions(row.auto_resolve, row.cooldown_minutes),
        channel_ids=tuple(row.notification_channel_ids),
        policy_id=row.escalation_policy_id,
        reminder_minutes=row.reminder_interval_minutes,
        runbook_url=row.runbook_url,
    )
