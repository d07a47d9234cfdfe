"""Evaluation of rules on new check results, within the transaction that stores them.

A result that concerns no rule costs a few microseconds: rules are cached, the latest result alone
is enough for most of them, and one query for the whole batch tells what is open at all. Only where
it is not enough is history read, each step for the whole batch: results, then windows. Alerts are
opened and resolved last, because locks are taken in one order (`transitions`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from app.checks import CHECK_TYPES
from app.domain.checks.response_times import rounded
from app.domain.rules.evaluate import Verdict, evaluate, evaluate_in_maintenance
from app.domain.rules.history import History, Point
from app.domain.rules.reachability import reach
from app.domain.types import Observation, Status
from app.operations.recorded_check import RecordedCheck
from app.operations.rules import transitions
from app.operations.rules.history import EvaluationContext, Histories
from app.operations.rules.streaks import StreakKey, StreakRow, Streaks
from app.operations.rules.transitions import Evaluation, OpenAlert, OpenState
from app.operations.snapshots.alerting import AlertingSnapshot, Rule
from app.operations.snapshots.services import ServiceSnapshot
from app.platform.transaction import Transaction

_OPEN_STATE = """
SELECT service_id, alert_rule_id, id, severity, is_flapping, condition_holds,
    NULL::integer, NULL::timestamptz, NULL::bigint, NULL::timestamptz, NULL::boolean
FROM alerts
WHERE service_id = ANY(%(ids)s) AND status <> 'resolved' AND alert_rule_id IS NOT NULL
UNION ALL
SELECT service_id, alert_rule_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM rule_states
WHERE service_id = ANY(%(ids)s) AND is_latched
UNION ALL
SELECT service_id, alert_rule_id, NULL, NULL, NULL, NULL, place, rule_version, service_version,
    since, before
FROM rule_streaks
WHERE service_id = ANY(%(ids)s)
"""


def evaluate_rules(
    tx: Transaction,
    checks: Sequence[RecordedCheck],
    alerting: Mapping[UUID, AlertingSnapshot],
    now: datetime,
    *,
    with_history: bool = True,
) -> None:
    """Evaluate every rule on every result; open, keep or resolve alerts.

    The verdict is that of the moment of the check, as in a preview of the rule. Without history,
    what the latest result does not settle alone stays as it is until the next check.
    """
    watched = [
        (check, rules)
        for check in checks
        if (current := alerting.get(check.snapshot.organization_id))
        and (rules := current.rules_for(check.snapshot))
    ]
    if not watched:
        return
    open_state = _open_state(tx, [check for check, _ in watched])
    evaluations: list[Evaluation] = []
    pending: list[Evaluation] = []
    for check, rules in watched:
        snapshot, until = check.snapshot, check.maintenance_until
        latest = _point(
            snapshot,
            check.observation,
            check.confirmed_status,
            check.checked_at,
            check.state.consecutive_failures,
            in_maintenance=until is not None,
        )
        history = History(latest)
        for rule in rules:
            if until is not None:
                verdict = evaluate_in_maintenance(rule.condition, latest)
            else:
                verdict = evaluate(rule.condition, history, latest.at)
            if verdict is Verdict.FINE and (rule.id, snapshot.service_id) not in open_state.keys:
                continue  # by far the most frequent case
            context = EvaluationContext(rule, snapshot, latest, check.check_id)
            evaluation = Evaluation(context, verdict, check.observation.error, until)
            if until is None and _needs_history(evaluation, open_state):
                if with_history:
                    pending.append(evaluation)
            elif open_state.may_change(evaluation):
                evaluations.append(evaluation)
    histories = Histories(tx, open_state.streaks, with_windows=with_history)
    if pending:
        evaluations += [
            evaluation
            for evaluation in _evaluate_histories(pending, histories)
            if open_state.may_change(evaluation)
        ]
    transitions.apply(tx, evaluations, open_state, histories, now)


def _needs_history(evaluation: Evaluation, open_state: OpenState) -> bool:
    """Say whether a rule reads history: to be decided, or to end a streak that it has kept."""
    context = evaluation.context
    if not context.rule.needs.history or not context.latest.counts:
        return False
    return evaluation.verdict is Verdict.UNKNOWN or evaluation.key in open_state.streaks.keys


def _evaluate_histories(pending: Sequence[Evaluation], histories: Histories) -> list[Evaluation]:
    histories.read([evaluation.context for evaluation in pending])
    result = [_evaluate_history(evaluation, histories) for evaluation in pending]
    open_questions = [
        evaluation.context
        for evaluation in result
        if evaluation.verdict is Verdict.UNKNOWN and evaluation.context.rule.needs.windows_minutes
    ]
    if not open_questions:
        return result
    histories.read_windows(open_questions)
    return [_evaluate_history(evaluation, histories) for evaluation in result]


def _evaluate_history(evaluation: Evaluation, histories: Histories) -> Evaluation:
    context = evaluation.context
    verdict = evaluate(context.rule.condition, histories.history(context), context.latest.at)
    return evaluation._replace(verdict=verdict)


def _open_state(tx: Transaction, checks: Sequence[RecordedCheck]) -> OpenState:
    ids = [check.service_id for check in checks]
    alerts: dict[tuple[UUID, UUID], OpenAlert] = {}
    latched: set[tuple[UUID, UUID]] = set()
    streaks: list[tuple[StreakKey, StreakRow]] = []
    rows = tx.driver.execute(_OPEN_STATE, {"ids": ids}).fetchall()
    for service_id, rule_id, alert_id, severity, is_flapping, holds, place, *streak in rows:
        if alert_id is not None:
            alerts[rule_id, service_id] = OpenAlert(alert_id, severity, is_flapping, holds)
        elif place is not None:
            streaks.append((StreakKey(service_id, rule_id, place), StreakRow(*streak)))
        else:
            latched.add((rule_id, service_id))
    kept = Streaks(streaks)
    return OpenState(alerts, latched, kept, frozenset((*alerts, *latched, *kept.keys)))


def are_fine(
    rules: Sequence[Rule], snapshot: ServiceSnapshot, observation: Observation, checked_at: datetime
) -> bool:
    """Say whether a check that passed shows by itself that none of the rules fires."""
    if not rules:
        return True
    latest = _point(snapshot, observation, observation.status, checked_at)
    history = History(latest)
    return all(evaluate(rule.condition, history, checked_at) is Verdict.FINE for rule in rules)


def _point(
    snapshot: ServiceSnapshot,
    observation: Observation,
    status: Status,
    at: datetime,
    consecutive_failures: int = 0,
    *,
    in_maintenance: bool = False,
) -> Point:
    reached = reach(
        CHECK_TYPES[snapshot.target.check_type].dials_endpoint,
        observation.status,
        observation.failure_kind,
        observation.phases,
        observation.status_code,
    )
    certificate = observation.certificate
    return Point(
        at=at,
        status=status,
        # As it is stored, so that it counts today as it will count tomorrow.
        response_time_ms=rounded(observation.response_time_ms),
        status_code=observation.status_code,
        error=observation.error,
        ssl_days_remaining=(certificate.valid_to - at).days if certificate else None,
        consecutive_failures=consecutive_failures,
        in_maintenance=in_maintenance,
        dns_resolved=reached.dns_resolved,
        tcp_connected=reached.tcp_connected,
        body_texts=observation.body_texts,
        own_status=observation.status,
    )
