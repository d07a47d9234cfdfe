"""Transitions of rules after a batch of checks: alerts opened, resolved and rearmed.

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
    explanation,
    message,
    next_transition,
    title,
)
from app.models.alert_rules import RuleState as StoredRuleState
from app.models.alerts import Alert
from app.models.services import Service
from app.operations.alerts import lifecycle, messages, root_causes, suppression, timeline
from app.operations.rules import latches as rule_latches
from app.operations.rules.history import EvaluationContext, Histories
from app.operations.rules.streaks import Streaks
from app.operations.schedule import entries as schedule_entries
from app.platform.transaction import Transaction


class OpenAlert(NamedTuple):
    """An alert that is not resolved, as far as it matters to its rule."""

    id: UUID
    severity: str
    is_flapping: bool
    condition_holds: bool


class Evaluation(NamedTuple):
    """Evaluation of a rule on a check."""

    context: EvaluationContext
    verdict: Verdict
    reason: str | None  # why the check failed
    maintenance_until: datetime | None

    @property
    def key(self) -> tuple[UUID, UUID]:
        """Name the rule and the service."""
        return self.context.rule.id, self.context.service_id


@dataclass(frozen=True, slots=True)
class OpenState:
    """Alerts that are open, latches and streaks of the services of a batch."""

    alerts: Mapping[tuple[UUID, UUID], OpenAlert]  # by rule and service
    latched: set[tuple[UUID, UUID]]
    streaks: Streaks
    keys: frozenset[tuple[UUID, UUID]]  # of all of these

    def may_change(self, evaluation: Evaluation) -> bool:
        """Say whether an evaluation may change anything."""
        alert = self.alerts.get(evaluation.key)
        if alert is not None:
            return (
                evaluation.verdict is Verdict.FINE
                or (evaluation.verdict is Verdict.FIRING and not alert.condition_holds)
                or alert.is_flapping
                or alert.severity != evaluation.context.rule.severity
            )
        if evaluation.key in self.latched:
            return evaluation.verdict is Verdict.FINE
        return evaluation.verdict is Verdict.FIRING


# FOR SHARE, not FOR KEY SHARE: a rule that is being switched off must not open one more alert.
_LOCK_ENABLED = """
SELECT id FROM alert_rules WHERE id = ANY(%s) AND is_enabled ORDER BY id FOR SHARE
"""


def apply(
    tx: Transaction,
    evaluations: Sequence[Evaluation],
    open_state: OpenState,
    histories: Histories,
    now: datetime,
) -> None:
    """Do what evaluations ask for, and write the streaks that have changed."""
    rule_ids = {
        evaluation.context.rule.id for evaluation in evaluations
    } | open_state.streaks.changed_rules
    if not rule_ids:
        return
    enabled = set(tx.scalars(_LOCK_ENABLED, (list(rule_ids),)))
    # Of a rule that was deleted or switched off meanwhile, the alerts were resolved with it.
    evaluations = [
        evaluation for evaluation in evaluations if evaluation.context.rule.id in enabled
    ]
    locked = _lock(
        tx, [open_state.alerts[r.key].id for r in evaluations if r.key in open_state.alerts]
    )
    _read_for_messages(evaluations, open_state, histories)
    with tx.in_bulk():
        _apply_all(tx, evaluations, open_state, locked, histories, now)
    open_state.streaks.write(tx, enabled)


def _apply_all(
    tx: Transaction,
    evaluations: Sequence[Evaluation],
    open_state: OpenState,
    locked: Mapping[UUID, Alert],
    histories: Histories,
    now: datetime,
) -> None:
    services = _read_services(tx, evaluations, open_state)
    for evaluation in evaluations:
        known = open_state.alerts.get(evaluation.key)
        alert = locked.get(known.id) if known else None
        if known is not None and (alert is None or alert.status == AlertStatus.RESOLVED):
            # Somebody has resolved it meanwhile, not knowing yet what this check says.
            if evaluation.verdict is Verdict.FINE:
                rule_latches.release(tx, *evaluation.key)
            continue
        _apply_evaluation(
            tx, evaluation, alert, histories, now, is_latched=evaluation.key in open_state.latched
        )
    services.clear()


def _read_services(
    tx: Transaction, evaluations: Sequence[Evaluation], open_state: OpenState
) -> list[Service]:
    """Return the services of the messages to come; the session knows them while they are held."""
    ids = {one.context.service_id for one in evaluations if open_state.may_change(one)}
    if len(ids) < 2:
        return []
    return list(tx.session.scalars(select(Service).where(Service.id.in_(ids))))


def _lock(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Alert]:
    wanted = list(ids)
    if not wanted:
        return {}
    rows = tx.session.scalars(
        select(Alert).where(Alert.id.in_(wanted)).order_by(Alert.id).with_for_update(key_share=True)
    )
    return {alert.id: alert for alert in rows}


def _read_for_messages(
    evaluations: Sequence[Evaluation], open_state: OpenState, histories: Histories
) -> None:
    """Read the windows of what fires: the message names their values, needed or not; and the
    statuses that decide whether what ends flaps."""
    histories.read_windows(
        evaluation.context
        for evaluation in evaluations
        if evaluation.verdict is Verdict.FIRING and evaluation.key not in open_state.alerts
    )
    histories.read_statuses(
        evaluation.context
        for evaluation in evaluations
        if (alert := open_state.alerts.get(evaluation.key))
        and (alert.is_flapping or evaluation.verdict is Verdict.FINE)
    )


def _apply_evaluation(
    tx: Transaction,
    evaluation: Evaluation,
    alert: Alert | None,
    histories: Histories,
    now: datetime,
    *,
    is_latched: bool,
) -> None:
    context, verdict = evaluation.context, evaluation.verdict
    rule = context.rule
    state = RuleState(is_open=alert is not None, awaits_fine=is_latched)
    if alert is None and verdict is Verdict.FIRING and rule.options.cooldown_minutes:
        state = RuleState(last_resolved_at=_resolved_at(tx, evaluation))
    if alert is not None and verdict is not Verdict.UNKNOWN:
        alert.condition_holds = verdict is Verdict.FIRING
    if alert is not None and alert.is_flapping:
        state = _flapping_state(tx, alert, context, histories)
    match next_transition(state, verdict, now, rule.options):
        case Transition.OPEN:
            _open(tx, evaluation, History(context.latest, windows=histories.windows(context)), now)
        case Transition.RESOLVE if alert is not None:
            _resolve(tx, evaluation, alert, histories, now)
        case Transition.REARM:
            rule_latches.release(tx, *evaluation.key)
        case _:
            if alert is not None:
                messages.enqueue_severity(
                    tx,
                    alert,
                    rule.severity,
                    rule.channel_ids,
                    now,
                    hold_until=evaluation.maintenance_until,
                )


def _resolved_at(tx: Transaction, evaluation: Evaluation) -> datetime | None:
    """Return when the rule's last alert on the service was resolved: the cool-down begins there."""
    return tx.session.scalar(
        select(StoredRuleState.resolved_at).where(
            StoredRuleState.alert_rule_id == evaluation.context.rule.id,
            StoredRuleState.service_id == evaluation.context.service_id,
        )
    )


def _flapping_state(
    tx: Transaction, alert: Alert, context: EvaluationContext, histories: Histories
) -> RuleState:
    flap = flapping.evaluate(histories.statuses(context), was_flapping=True)
    if flap.has_stopped:
        alert.is_flapping = False
        timeline.note(tx, alert, "flapping_stopped", text=f"{flap.percent:.0f} % of state change")
    return RuleState(is_open=True, is_flapping=flap.is_flapping)


def _resolve(
    tx: Transaction, evaluation: Evaluation, alert: Alert, histories: Histories, now: datetime
) -> None:
    """Resolve an alert, unless the service turns out to flap: then it stands for the episode."""
    statuses = histories.statuses(evaluation.context)
    flap = flapping.evaluate(statuses, was_flapping=alert.is_flapping)
    if flap.has_started:
        alert.is_flapping = True
        text = f"{flap.percent:.0f} % of state change in the last {flapping.CHECKS} results"
        timeline.note(tx, alert, "flapping_started", text=text)
        messages.enqueue_flapping(tx, alert, now, hold_until=evaluation.maintenance_until)
        return
    lifecycle.resolve_alert(tx, alert, now, hold_until=evaluation.maintenance_until)
    suppression.after_resolve(tx, alert)


def _has_tag(tx: Transaction, evaluation: Evaluation) -> bool:
    """Say whether a service has a tag of the rule, as nobody edits it now: its entry is locked."""
    tags = tx.session.scalar(
        select(Service.tags).where(Service.id == evaluation.context.service_id)
    )
    return not evaluation.context.rule.tags.isdisjoint(tags or ())


def _open(tx: Transaction, evaluation: Evaluation, history: History, now: datetime) -> None:
    rule, snapshot = evaluation.context.rule, evaluation.context.snapshot
    if rule.tags and not _has_tag(tx, evaluation):
        return  # nothing would ever say that it is over
    root = root_causes.root_cause(tx, snapshot, rule.severity)
    alert = Alert(
        organization_id=snapshot.organization_id,
        service_id=snapshot.service_id,
        service_name=snapshot.name,
        alert_rule_id=rule.id,
        severity=rule.severity,
        title=title(rule.name),
        message=message(rule.condition, history),
        check_status=history.latest.status,
        explanation=explanation(rule.condition, history),
        reason=evaluation.reason,
        status="firing",
        fired_at=now,
        suppressed_by=root,
        check_id=evaluation.context.check_id,
        runbook_url=rule.runbook_url,
    )
    hold_until: datetime | None = None
    if snapshot.depends_on and root is None:
        # Whether the services it depends on are the cause shows within its patience.
        schedule_entries.recheck(tx, snapshot.depends_on)
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
