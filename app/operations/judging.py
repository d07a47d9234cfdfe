"""Let an organization's rules judge new check results, within the transaction that stores them.

A result that no rule minds costs a few microseconds: rules are remembered, most need no history,
and one query for the whole batch tells which services have an open alert at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.domain import flapping
from app.domain.alert_rules import Verdict, evaluate
from app.domain.alerts import RuleState, Transition, message, next_transition, title
from app.domain.check_history import History, Point
from app.domain.reachability import reach
from app.domain.types import Observation, Status
from app.models.alerts import Alert
from app.operations import alerts, judged_history, suppression
from app.operations.definitions import Definition
from app.operations.rulebooks import Rule, Rulebook, rulebooks
from app.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Judged:
    """A result that was just stored, with the service's settled colour."""

    definition: Definition
    observation: Observation
    status: Status
    consecutive_failures: int
    checked_at: datetime
    check_id: UUID


@dataclass(frozen=True, slots=True)
class _Standing:
    """What is open or held back for the services of a batch."""

    alerts: Mapping[tuple[UUID, UUID], UUID]  # (rule, service) -> alert
    latched: frozenset[tuple[UUID, UUID]]


_STILL_ON = "SELECT id FROM alert_rules WHERE id = %s AND is_enabled FOR KEY SHARE"
_STANDING = """
SELECT alert_rule_id, service_id, id FROM alerts
WHERE service_id = ANY(%(ids)s) AND status <> 'resolved' AND alert_rule_id IS NOT NULL
UNION ALL
SELECT alert_rule_id, service_id, NULL FROM rule_states
WHERE service_id = ANY(%(ids)s) AND is_latched
"""


def judge(
    tx: Transaction,
    results: Sequence[Judged],
    books: Mapping[UUID, Rulebook],
    now: datetime,
) -> None:
    """Evaluate every rule on every result; open, keep or resolve alerts."""
    standing = _standing(tx, results)
    for result in results:
        definition = result.definition
        book = books.get(definition.organization_id)
        rules = book.rules_for(definition) if book else ()
        if not rules:
            continue
        maintenance_until = (
            book.maintenance_until(definition.service_id, definition.tags, now) if book else None
        )
        latest = _point(result, in_maintenance=maintenance_until is not None)
        for rule in rules:
            _apply(tx, rule, result, latest, standing, now, maintenance_until)


def _standing(tx: Transaction, results: Sequence[Judged]) -> _Standing:
    ids = [result.definition.service_id for result in results]
    rows = tx.driver.execute(_STANDING, {"ids": ids}).fetchall()
    return _Standing(
        {(row[0], row[1]): row[2] for row in rows if row[2] is not None},
        frozenset((row[0], row[1]) for row in rows if row[2] is None),
    )


def _point(result: Judged, *, in_maintenance: bool) -> Point:
    seen = result.observation
    reached = reach(
        result.definition.target.check_type,
        seen.status,
        seen.error,
        seen.phases,
        seen.status_code,
    )
    return Point(
        at=result.checked_at,
        status=result.status,
        response_time_ms=seen.response_time_ms,
        status_code=seen.status_code,
        error=seen.error,
        ssl_days_remaining=(
            (seen.certificate.valid_to - result.checked_at).days if seen.certificate else None
        ),
        consecutive_failures=result.consecutive_failures,
        in_maintenance=in_maintenance,
        dns_resolved=reached.dns_resolved,
        tcp_connected=reached.tcp_connected,
    )


def _apply(
    tx: Transaction,
    rule: Rule,
    result: Judged,
    latest: Point,
    standing: _Standing,
    now: datetime,
    maintenance_until: datetime | None,
) -> None:
    service_id = result.definition.service_id
    history = judged_history.load(tx, service_id, latest, rule.needs)
    if maintenance_until is not None:
        # In a window nothing fires; what is open may still resolve, and is told after its end.
        calm = Point(at=latest.at, status=latest.status, error=latest.error)
        verdict = evaluate(rule.condition, History(calm), now)
        verdict = Verdict.UNKNOWN if verdict is Verdict.FIRING else verdict
    else:
        verdict = evaluate(rule.condition, history, now)
    key = (rule.id, service_id)
    alert_id = standing.alerts.get(key)
    if verdict is Verdict.FINE and alert_id is None and key not in standing.latched:
        return  # by far the most frequent case
    state = RuleState(is_open=alert_id is not None, awaits_fine=key in standing.latched)
    if verdict is Verdict.FIRING and alert_id is None:
        state = judged_history.with_cooldown(tx, state, *key)
    alert = (
        tx.session.get(Alert, alert_id, with_for_update={"key_share": True}) if alert_id else None
    )
    if alert is not None and alert.is_flapping:
        state = _flapping_state(tx, alert, service_id, state)
    match next_transition(state, verdict, now, rule.options):
        case Transition.OPEN:
            _open(tx, rule, result, history, now)
        case Transition.RESOLVE if alert is not None:
            _resolve(tx, alert, service_id, now, maintenance_until)
        case Transition.REARM:
            judged_history.rearm(tx, *key)
        case _:
            if alert is not None and alert.severity != rule.severity:
                alert.severity = rule.severity


def _flapping_state(tx: Transaction, alert: Alert, service_id: UUID, state: RuleState) -> RuleState:
    judged = flapping.judge(judged_history.colours(tx, service_id), was_flapping=True)
    if judged.has_stopped:
        alert.is_flapping = False
        alerts.note(tx, alert, "flapping_stopped", text=f"{judged.percent:.0f} % of state change")
    return RuleState(state.is_open, state.last_resolved_at, state.awaits_fine, judged.is_flapping)


def _resolve(
    tx: Transaction,
    alert: Alert,
    service_id: UUID,
    now: datetime,
    maintenance_until: datetime | None,
) -> None:
    """Resolve an alert, unless the service turns out to flap: then it stands for the episode."""
    judged = flapping.judge(judged_history.colours(tx, service_id), was_flapping=alert.is_flapping)
    if judged.has_started:
        alert.is_flapping = True
        text = f"{judged.percent:.0f} % of state change in the last {flapping.CHECKS} results"
        alerts.note(tx, alert, "flapping_started", text=text)
        alerts.tell_flapping(tx, alert, now)
        return
    alerts.resolve_alert(tx, alert, now, hold_until=maintenance_until)
    suppression.after_resolve(tx, alert)


def _open(tx: Transaction, rule: Rule, result: Judged, history: History, now: datetime) -> None:
    definition = result.definition
    # Deleted or switched off since the rulebook was read; locked until the alert refers to it.
    if not tx.driver.execute(_STILL_ON, (rule.id,)).fetchone():
        return
    root = suppression.root_cause(tx, definition)
    alert = Alert(
        organization_id=definition.organization_id,
        service_id=definition.service_id,
        service_name=definition.name,
        alert_rule_id=rule.id,
        severity=rule.severity,
        title=title(rule.name),
        message=message(rule.condition, history),
        reason=result.observation.error,
        status="firing",
        fired_at=now,
        suppressed_by=root,
        check_id=result.check_id,
        runbook_url=rule.runbook_url,
    )
    hold_until: datetime | None = None
    if definition.depends_on and root is None:
        suppression.recheck(tx, definition.depends_on)
        hold_until = now + alerts.ROOT_CAUSE_PATIENCE
    stored = alerts.open_alert(
        tx,
        alert,
        channel_ids=rule.channel_ids,
        policy_id=rule.policy_id,
        reminder_minutes=rule.reminder_minutes,
        hold_until=hold_until,
    )
    if stored is not None and root is None:
        suppression.claim_children(tx, stored, now - timedelta(minutes=1))


def books_for(tx: Transaction, results: Sequence[Any]) -> dict[UUID, Rulebook]:
    """Return the rulebooks of the organizations whose results are about to be stored."""
    return rulebooks(tx, {entry.definition.organization_id for entry in results})
