"""Evaluation of rules on new check results, within the transaction that stores them.

A result that no rule minds costs a few microseconds: rules are remembered, the latest result alone
settles most of them, and one query for the whole batch tells what stands open at all. Only what it
does not settle reads history, each step for the whole batch: results, then windows. What is to be
done about it comes last, because locks are taken in one order (`transitions`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from app.checks import CHECK_TYPES
from app.domain.rules.evaluate import Verdict, evaluate, evaluate_in_maintenance
from app.domain.rules.history import History, Point
from app.domain.rules.reachability import reach
from app.domain.types import Observation, Status
from app.operations.recorded_check import RecordedCheck
from app.operations.rules import transitions as rule_transitions
from app.operations.rules.history import Histories, Look
from app.operations.rules.streaks import StreakKey, StreakRow, Streaks
from app.operations.rules.transitions import OpenAlert, Ruling, Standing
from app.operations.snapshots.alerting import Rule, Rulebook
from app.operations.snapshots.services import Definition
from app.platform.transaction import Transaction

_STANDING = """
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
    books: Mapping[UUID, Rulebook],
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
        if (book := books.get(check.definition.organization_id))
        and (rules := book.rules_for(check.definition))
    ]
    if not watched:
        return
    standing = _standing(tx, [check for check, _ in watched])
    rulings: list[Ruling] = []
    undecided: list[Ruling] = []
    for check, rules in watched:
        definition, until = check.definition, check.maintenance_until
        latest = _point(
            definition,
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
            if verdict is Verdict.FINE and (rule.id, definition.service_id) not in standing.keys:
                continue  # by far the most frequent case
            look = Look(rule, definition, latest, check.check_id)
            ruling = Ruling(look, verdict, check.observation.error, until)
            if until is None and _looks_back(ruling, standing):
                if with_history:
                    undecided.append(ruling)
            elif standing.minds(ruling):
                rulings.append(ruling)
    histories = Histories(tx, standing.streaks, with_windows=with_history)
    if undecided:
        rulings += [ruling for ruling in _decided(undecided, histories) if standing.minds(ruling)]
    rule_transitions.carry_out(tx, rulings, standing, histories, now)


def _looks_back(ruling: Ruling, standing: Standing) -> bool:
    """Say whether a rule reads history: to be decided, or to end a streak that it has kept."""
    look = ruling.look
    if not look.rule.needs.history or not look.latest.counts:
        return False
    return ruling.verdict is Verdict.UNKNOWN or ruling.key in standing.streaks.keys


def _decided(undecided: Sequence[Ruling], histories: Histories) -> list[Ruling]:
    histories.read([ruling.look for ruling in undecided])
    found = [_with_history(ruling, histories) for ruling in undecided]
    open_questions = [
        ruling.look
        for ruling in found
        if ruling.verdict is Verdict.UNKNOWN and ruling.look.rule.needs.windows_minutes
    ]
    if not open_questions:
        return found
    histories.read_windows(open_questions)
    return [_with_history(ruling, histories) for ruling in found]


def _with_history(ruling: Ruling, histories: Histories) -> Ruling:
    look = ruling.look
    verdict = evaluate(look.rule.condition, histories.history(look), look.latest.at)
    return ruling._replace(verdict=verdict)


def _standing(tx: Transaction, checks: Sequence[RecordedCheck]) -> Standing:
    ids = [check.service_id for check in checks]
    alerts: dict[tuple[UUID, UUID], OpenAlert] = {}
    latched: set[tuple[UUID, UUID]] = set()
    streaks: list[tuple[StreakKey, StreakRow]] = []
    rows = tx.driver.execute(_STANDING, {"ids": ids}).fetchall()
    for service_id, rule_id, alert_id, severity, is_flapping, holds, place, *streak in rows:
        if alert_id is not None:
            alerts[rule_id, service_id] = OpenAlert(alert_id, severity, is_flapping, holds)
        elif place is not None:
            streaks.append((StreakKey(service_id, rule_id, place), StreakRow(*streak)))
        else:
            latched.add((rule_id, service_id))
    kept = Streaks(streaks)
    return Standing(alerts, latched, kept, frozenset((*alerts, *latched, *kept.keys)))


def are_fine(
    rules: Sequence[Rule], definition: Definition, observation: Observation, checked_at: datetime
) -> bool:
    """Say whether a check that passed shows by itself that none of the rules fires."""
    if not rules:
        return True
    latest = _point(definition, observation, observation.status, checked_at)
    history = History(latest)
    return all(evaluate(rule.condition, history, checked_at) is Verdict.FINE for rule in rules)


def _point(
    definition: Definition,
    observation: Observation,
    status: Status,
    at: datetime,
    consecutive_failures: int = 0,
    *,
    in_maintenance: bool = False,
) -> Point:
    reached = reach(
        CHECK_TYPES[definition.target.check_type].dials_endpoint,
        observation.status,
        observation.failure_kind,
        observation.phases,
        observation.status_code,
    )
    milliseconds = observation.response_time_ms
    certificate = observation.certificate
    return Point(
        at=at,
        status=status,
        # As it is stored, so that it counts today as it will count tomorrow.
        response_time_ms=None if milliseconds is None else round(milliseconds, 2),
        status_code=observation.status_code,
        error=observation.error,
        ssl_days_remaining=(certificate.valid_to - at).days if certificate else None,
        consecutive_failures=consecutive_failures,
        in_maintenance=in_maintenance,
        dns_resolved=reached.dns_resolved,
        tcp_connected=reached.tcp_connected,
        body_texts=observation.body_texts,
    )
