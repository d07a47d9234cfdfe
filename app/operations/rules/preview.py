"""Preview of an unsaved rule: stored results of the services it would watch, replayed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from app.domain.rules.conditions import comparisons, parse
from app.domain.rules.evaluate import needs
from app.domain.rules.history import Needs
from app.domain.rules.replay import WouldBeAlert, replay
from app.domain.rules.transitions import RuleOptions
from app.domain.rules.types import Comparison, Condition, Metric
from app.models.services import Service
from app.operations.rules import points as rule_points
from app.operations.rules import rules as alert_rules
from app.platform.transaction import Transaction, transaction

MAX_SERVICES = 100
MAX_RESULTS = 50_000
_SHOWN_ALERTS = 200
_NO_BODIES = (
    "bodies are not kept: a stored result that failed is taken as one without the text, and whether"
    " one that passed had it is not known; live, the body of every HTTP check is searched"
)


@dataclass(frozen=True, slots=True)
class _Watched:
    """A service that the rule would watch, and its stored results, oldest first."""

    id: UUID
    name: str
    check_type: str
    results: list[tuple[Any, ...]]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """An unsaved rule and everything it is tried on."""

    condition: Condition
    options: RuleOptions
    since: datetime
    until: datetime
    services_in_scope: int
    watched: list[_Watched] = field(default_factory=list)


# For each service the newest results of the window; the partitions are read from their end.
_RESULTS = f"""
SELECT s.id, r.*
FROM unnest(%(ids)s::uuid[], %(begins)s::timestamptz[]) WITH ORDINALITY AS s (id, begins, place)
CROSS JOIN LATERAL (
    SELECT {rule_points.COLUMNS}, scheduled_for, region FROM check_results
    WHERE service_id = s.id AND scheduled_for >= s.begins AND scheduled_for < %(until)s
    ORDER BY scheduled_for DESC, region DESC LIMIT %(limit)s
) r
ORDER BY s.place, r.scheduled_for, r.region
"""  # noqa: S608  constants


def load(organization_id: UUID, data: Mapping[str, Any], since: datetime, until: datetime) -> Trial:
    """Return a rule with the stored results it would have seen, and what it looks at before them.

    Raises Invalid for a reference to nothing.
    """
    condition = parse(data.get("condition", {}))
    with transaction() as tx:
        alert_rules.check(tx, organization_id, data)
        where = [Service.organization_id == organization_id, *_scope(data)]
        total = tx.session.scalar(select(func.count()).select_from(Service).where(*where)) or 0
        services = tx.session.scalars(
            select(Service).where(*where).order_by(Service.name, Service.id).limit(MAX_SERVICES)
        ).all()
        trial = Trial(
            condition,
            RuleOptions(data.get("auto_resolve", True), data.get("cooldown_minutes", 0)),
            since,
            until,
            total,
        )
        if services:
            rows = _results(tx, services, needs(condition), since, until)
            limit = MAX_RESULTS // len(services)
            trial.watched.extend(_watched(one, rows.get(one.id, []), limit) for one in services)
    return trial


def _watched(service: Service, results: list[tuple[Any, ...]], limit: int) -> _Watched:
    return _Watched(
        service.id,
        service.name,
        service.check_type,
        results,
        is_complete=len(results) < limit,
    )


def _scope(data: Mapping[str, Any]) -> Iterator[ColumnElement[bool]]:
    if data.get("service_id") is not None:
        yield Service.id == data["service_id"]
    elif data.get("tags"):
        yield Service.tags.overlap(data["tags"])


def _results(
    tx: Transaction, services: Any, needed: Needs, since: datetime, until: datetime
) -> dict[UUID, list[tuple[Any, ...]]]:
    rows = tx.driver.execute(
        _RESULTS,
        {
            "ids": [service.id for service in services],
            "begins": [
                since - _before(needed, service.check_interval_seconds) for service in services
            ],
            "until": until,
            "limit": MAX_RESULTS // len(services),
        },
    ).fetchall()
    return {id: list(group) for id, group in groupby(rows, key=itemgetter(0))}


def _before(needed: Needs, interval_seconds: int) -> timedelta:
    """Return how much history from before the window the rule looks at, and a little more."""
    minutes = max(needed.windows_minutes, default=0)
    checks = (needed.last_results + 2) * interval_seconds
    return timedelta(seconds=max(needed.seconds, minutes * 60) + checks)


def evaluate(trial: Trial) -> dict[str, Any]:
    """Return the answer of a preview. Pure; for very many results a matter of two seconds."""
    services = [_service_preview(trial, watched) for watched in trial.watched]
    tested = {test.metric for test in comparisons(trial.condition) if isinstance(test, Comparison)}
    return {
        "from": trial.since,
        "to": trial.until,
        "services_in_scope": trial.services_in_scope,
        "services_looked_at": len(services),
        "results_looked_at": sum(service["results_looked_at"] for service in services),
        "is_complete": trial.services_in_scope == len(services)
        and all(watched.is_complete for watched in trial.watched),
        "notes": [_NO_BODIES] if Metric.BODY in tested else [],
        "alerts_total": sum(service["alerts_total"] for service in services),
        "services": services,
    }


def _service_preview(trial: Trial, watched: _Watched) -> dict[str, Any]:
    points = [
        point
        for row in watched.results
        if (point := rule_points.point(watched.check_type, row[1:])).at < trial.until
    ]
    raised = replay(trial.condition, points, trial.options, hold_while_flapping=True)
    shown = [
        alert for alert in raised if alert.resolved_at is None or alert.resolved_at > trial.since
    ]
    inside = [point.at for point in points if point.at >= trial.since]
    return {
        "service_id": watched.id,
        "service_name": watched.name,
        "results_looked_at": len(inside),
        "looked_from": inside[0] if inside else None,
        "alerts_total": len(shown),
        "alerts": [_to_json(alert, trial.until) for alert in reversed(shown[-_SHOWN_ALERTS:])],
    }


def _to_json(alert: WouldBeAlert, until: datetime) -> dict[str, Any]:
    end = alert.resolved_at or until
    return {
        "fired_at": alert.opened_at,
        "resolved_at": alert.resolved_at,
        "duration_seconds": round((end - alert.opened_at).total_seconds()),
        "message": alert.message,
    }
