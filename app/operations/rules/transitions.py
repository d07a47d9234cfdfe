"""Open, resolve and rearm the alerts of rules after a batch of checks.

Locks are taken in this order, each kind in the order of its ids: schedule entries, services,
rules, alerts, messages. Rules are locked FOR SHARE: whoever edits, switches off or deletes a rule
waits until its alerts of this batch are there, and a batch that comes later sees what was done.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from app.domain.rules import flapping
from app.domain.rules.evaluate import Verdict
from app.domain.rules.history import History
from app.domain.rules.transitions import (
    AlertStatus,
    RuleState,
    Transition,
    message,
    next_transition,
    title,
)
from app.models.alert_rules import RuleState as StoredRuleState
from app.models.alerts import Alert
from app.models.services import Service
from app.operations.alerts import lifecycle, messages, suppression, timeline
from app.operations.rules import latches as rule_latches
from app.operations.rules.history import Histories, Look
from app.operations.rules.streaks import Streaks
from app.operations.schedule import entries as schedule_entries
from app.platform.transaction import Transaction


class OpenAlert(NamedTuple):
    """An alert that is not resolved, as far as it matters to its rule."""

    id: UUID
    severity: str
    is_flapping: bool
    condition_holds: bool


class Ruling(NamedTuple):
    """What a rule says of a check."""

    look: Look
    verdict: Verdict
    reason: str | None  # why the check failed
    maintenance_until: datetime | None

    @property
    def key(self) -> tuple[UUID, UUID]:
        """Name the rule and the service."""
        return self.look.rule.id, self.look.service_id


@dataclass(frozen=True, slots=True)
class Standing:
    """What is open, held back or under way for the services of a batch."""

    alerts: Mapping[tuple[UUID, UUID], OpenAlert]  # by rule and service
    latched: set[tuple[UUID, UUID]]
    streaks: Streaks
    keys: frozenset[tuple[UUID, UUID]]  # of all of these

    def minds(self, ruling: Ruling) -> bool:
        """Say whether a ruling may change anything."""
        alert = self.alerts.get(ruling.key)
        if alert is not None:
            return (
                ruling.verdict is Verdict.FINE
                or (ruling.verdict is Verdict.FIRING and not alert.condition_holds)
                or alert.is_flapping
                or alert.severity != ruling.look.rule.severity
            )
        if ruling.key in self.latched:
            return ruling.verdict is Verdict.FINE
        return ruling.verdict is Verdict.FIRING


# FOR SHARE, not FOR KEY SHARE: a rule that is being switched off must not open one more alert.
_STILL_ON = """
SELECT id FROM alert_rules WHERE id = ANY(%s) AND is_enabled ORDER BY id FOR SHARE
"""


def carry_out(
    tx: Transaction,
    rulings: Sequence[Ruling],
    standing: Standing,
    histories: Histories,
    now: datetime,
) -> None:
    """Do what rulings ask for, and write the streaks that have changed."""
    rule_ids = {ruling.look.rule.id for ruling in rulings} | standing.streaks.changed_rules
    if not rule_ids:
        return
    rows = tx.driver.execute(_STILL_ON, (list(rule_ids),)).fetchall()
    still_on = {row[0] for row in rows}
    # Of a rule that was deleted or switched off meanwhile, the alerts were resolved with it.
    rulings = [ruling for ruling in rulings if ruling.look.rule.id in still_on]
    locked = _lock(tx, [standing.alerts[r.key].id for r in rulings if r.key in standing.alerts])
    _read_for_messages(rulings, standing, histories)
    for ruling in rulings:
        known = standing.alerts.get(ruling.key)
        alert = locked.get(known.id) if known else None
        if known is not None and (alert is None or alert.status == AlertStatus.RESOLVED):
            # Somebody has resolved it meanwhile, not knowing yet what this check says.
            if ruling.verdict is Verdict.FINE:
                rule_latches.release(tx, *ruling.key)
            continue
        _apply(tx, ruling, alert, histories, now, is_latched=ruling.key in standing.latched)
    standing.streaks.write(tx, still_on)


def _lock(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Alert]:
    wanted = list(ids)
    if not wanted:
        return {}
    rows = tx.session.scalars(
        select(Alert).where(Alert.id.in_(wanted)).order_by(Alert.id).with_for_update(key_share=True)
    )
    return {alert.id: alert for alert in rows}


def _read_for_messages(rulings: Sequence[Ruling], standing: Standing, histories: Histories) -> None:
    """Read the windows of what fires: the message names their values, needed or not."""
    histories.read_windows(
        ruling.look
        for ruling in rulings
        if ruling.verdict is Verdict.FIRING and ruling.key not in standing.alerts
    )


def _apply(
    tx: Transaction,
    ruling: Ruling,
    alert: Alert | None,
    histories: Histories,
    now: datetime,
    *,
    is_latched: bool,
) -> None:
    look, verdict = ruling.look, ruling.verdict
    rule = look.rule
    state = RuleState(is_open=alert is not None, awaits_fine=is_latched)
    if alert is None and verdict is Verdict.FIRING and rule.options.cooldown_minutes:
        state = RuleState(last_resolved_at=_resolved_at(tx, ruling))
    if alert is not None and verdict is not Verdict.UNKNOWN:
        alert.condition_holds = verdict is Verdict.FIRING
    if alert is not None and alert.is_flapping:
        state = _flapping_state(tx, alert, look, histories)
    match next_transition(state, verdict, now, rule.options):
        case Transition.OPEN:
            _open(tx, ruling, History(look.latest, windows=histories.windows(look)), now)
        case Transition.RESOLVE if alert is not None:
            _resolve(tx, ruling, alert, histories, now)
        case Transition.REARM:
            rule_latches.release(tx, *ruling.key)
        case _:
            if alert is not None:
                messages.enqueue_severity(
                    tx,
                    alert,
                    rule.severity,
                    rule.channel_ids,
                    now,
                    hold_until=ruling.maintenance_until,
                )


def _resolved_at(tx: Transaction, ruling: Ruling) -> datetime | None:
    """Return when the rule's last alert on the service was resolved: the cool-down begins there."""
    return tx.session.scalar(
        select(StoredRuleState.resolved_at).where(
            StoredRuleState.alert_rule_id == ruling.look.rule.id,
            StoredRuleState.service_id == ruling.look.service_id,
        )
    )


def _flapping_state(tx: Transaction, alert: Alert, look: Look, histories: Histories) -> RuleState:
    judged = flapping.judge(histories.colours(look), was_flapping=True)
    if judged.has_stopped:
        alert.is_flapping = False
        timeline.note(tx, alert, "flapping_stopped", text=f"{judged.percent:.0f} % of state change")
    return RuleState(is_open=True, is_flapping=judged.is_flapping)


def _resolve(
    tx: Transaction, ruling: Ruling, alert: Alert, histories: Histories, now: datetime
) -> None:
    """Resolve an alert, unless the service turns out to flap: then it stands for the episode."""
    colours = histories.colours(ruling.look)
    judged = flapping.judge(colours, was_flapping=alert.is_flapping)
    if judged.has_started:
        alert.is_flapping = True
        text = f"{judged.percent:.0f} % of state change in the last {flapping.CHECKS} results"
        timeline.note(tx, alert, "flapping_started", text=text)
        messages.enqueue_flapping(tx, alert, now, hold_until=ruling.maintenance_until)
        return
    lifecycle.resolve_alert(tx, alert, now, hold_until=ruling.maintenance_until)
    suppression.after_resolve(tx, alert)


def _still_watches(tx: Transaction, ruling: Ruling) -> bool:
    """Say whether a service has a tag of the rule, as nobody edits it now: its entry is locked."""
    tags = tx.session.scalar(select(Service.tags).where(Service.id == ruling.look.service_id))
    return not ruling.look.rule.tags.isdisjoint(tags or ())


def _open(tx: Transaction, ruling: Ruling, history: History, now: datetime) -> None:
    rule, definition = ruling.look.rule, ruling.look.definition
    if rule.tags and not _still_watches(tx, ruling):
        return  # nothing would ever say that it is over
    root = suppression.root_cause(tx, definition)
    alert = Alert(
        organization_id=definition.organization_id,
        service_id=definition.service_id,
        service_name=definition.name,
        alert_rule_id=rule.id,
        severity=rule.severity,
        title=title(rule.name),
        message=message(rule.condition, history),
        reason=ruling.reason,
        status="firing",
        fired_at=now,
        suppressed_by=root,
        check_id=ruling.look.check_id,
        runbook_url=rule.runbook_url,
    )
    hold_until: datetime | None = None
    if definition.depends_on and root is None:
        # Whether the services it depends on are the cause shows within its patience.
        schedule_entries.recheck(tx, definition.depends_on)
        hold_until = now + lifecycle.ROOT_CAUSE_PATIENCE
    stored = lifecycle.open_alert(
        tx,
        alert,
        channel_ids=rule.channel_ids,
        policy_id=rule.policy_id,
        reminder_minutes=rule.reminder_minutes,
        hold_until=hold_until,
    )
    if stored is not None:
        suppression.claim_children(tx, stored, now - timedelta(minutes=1))
